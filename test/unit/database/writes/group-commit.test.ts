import { commitEach } from '../../../../src/database/writes/group-commit.js';

describe('a batch that cannot be stored', () => {
  let commits: number[];
  beforeEach(() => (commits = []));

  const failing =
    (error: Error) =>
    (batch: string[]): Promise<string[]> => {
      commits.push(batch.length);
      return batch.includes('bad') ? Promise.reject(error) : Promise.resolve(batch);
    };
  const statusesOf = async (error: Error) =>
    (await commitEach(['1', 'bad', '2'], failing(error))).map((outcome) =>
      'error' in outcome ? outcome.error : outcome.value,
    );

  it('is stored row by row after a failure, and only invalid rows fail', async () => {
    const error = new Error('unique violation');
    expect(await statusesOf(error)).toEqual(['1', error, '2']);
    expect(commits).toEqual([3, 1, 1, 1]);
  });

  it('is not retried when its outcome is unknown', async () => {
    const error = Object.assign(new Error('gone'), { code: 'ECONNRESET' });
    expect(await statusesOf(error)).toEqual([error, error, error]);
    expect(commits).toEqual([3]);
  });

  it('is not retried after a lock timeout, since each row would wait again', async () => {
    const error = Object.assign(new Error('lock timeout'), { code: '55P03' });
    expect(await statusesOf(error)).toEqual(
      Array(3).fill(expect.objectContaining({ code: 'temporarily_unavailable', cause: error })),
    );
    expect(commits).toEqual([3]);
  });

  it('is retried after a serialization failure or deadlock', async () => {
    const error = Object.assign(new Error('deadlock detected'), { code: '40P01' });
    expect(await statusesOf(error)).toEqual(['1', error, '2']);
  });
});
