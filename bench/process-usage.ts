import { readFileSync } from 'node:fs';

/** What Linux counts processor time in, on every platform that Node.js runs on. */
const MS_PER_TICK = 10;
const KB_PER_MB = 1024;

/** Time on the processor since the process started, all of its threads together; null if there is no /proc, or no such process. */
export function cpuMs(pid: number): number | null {
  const stat = readProc(pid, 'stat');
  if (stat === null) return null;
  // The second field is the name of the program, in parentheses, and may contain anything
  const [, ...fields] = stat.slice(stat.lastIndexOf(')')).split(' ');
  const [userTicks, systemTicks] = fields.slice(11, 13).map(Number);
  return (userTicks! + systemTicks!) * MS_PER_TICK;
}

/** Memory that the process has in RAM, in MB; null if there is no /proc. */
export function residentMb(pid: number): number | null {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status') ?? '')?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) / KB_PER_MB;
}

/** The most memory that the process ever had in RAM, in MB; null if there is no /proc, or no such process any more. */
export function peakResidentMb(pid: number): number | null {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readProc(pid, 'status') ?? '')?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) / KB_PER_MB;
}

function readProc(pid: number, file: string): string | null {
  if (process.platform !== 'linux') return null;
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return null;
  }
}
