/** A browser without a window: it keeps cookies by host and follows redirects when told to. */
export class CookieJar {
  private readonly cookies = new Map<string, Map<string, string>>();

  /** Sends a request with the cookies of its host, and keeps those of the reply. It follows no redirect. */
  async fetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const { host } = new URL(url);
    const own = this.cookies.get(host) ?? new Map<string, string>();
    this.cookies.set(host, own);
    const cookie = [...own].map((pair) => pair.join('=')).join('; ');
    const reply = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { accept: 'text/html', ...init.headers, ...(cookie && { cookie }) },
    });
    for (const line of reply.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (value === '' || /max-age=0/i.test(line)) own.delete(name!);
      else own.set(name!, value!);
    }
    return reply;
  }

  /** Where a request leads. */
  async location(url: string | URL, init?: RequestInit): Promise<URL> {
    const reply = await this.fetch(url, init);
    const location = reply.headers.get('location');
    if (location === null) throw new Error(`${reply.status} without a redirect: ${await reply.text()}`);
    return new URL(location, url);
  }
}
