import { entryFaults, isLoopback, parseUri } from './uri.js';

export const MAX_REDIRECT_URIS = 50;

/**
 * Schemes that do not belong to an application, grouped by what happens to a code that is sent there. They include all schemes that
 * are registered with IANA ("URI Schemes"), except provisional ones of one application. A star at the end matches any rest.
 */
const REJECTED_SCHEMES: readonly string[] = [
  // A browser runs them, shows them, or connects by them itself
  'javascript livescript mocha data vbscript blob filesystem about view-source ws wss chrome chrome-*',
  'devtools edge isolated-app externalfile drivefs moz-* page-icon cached-favicon indexeddb applewebdata webkit-* x-webkit-* resource jar wyciwyg mhtml cid mid mk its res ie.http iehistory ierss',
  // "Open this in that browser", which then goes wherever the rest says
  'googlechrome googlechromes googlechrome-* chromehtml x-safari-* safari safari-* microsoft-edge microsoft-edge-* msedgehtm firefox firefox-*',
  'firefoxurl firefoxurl-* firefoxhtml brave bravehtml opera opera-* operagx touch-http touch-https vivaldi duckduckgo ddgquicklink',
  'dolphin samsunginternet puffin read yandexbrowser-* vivaldi-* brave-* duckduckgo-* arc arc-* orion orion-* icab icabmobile icabmobiles aloha ecosia klar',
  'naverwhale whale naversearchapp kakaotalk kakaoweb maxthon coccoc alook quark bdboxapp baiduboxapp baiduboxlite sogoumse',
  'librewolf waterfox palemoon seamonkey chromium chromium-* metamask cbwallet',
  // Any web page may ask to be what opens them, and any extension of a browser
  'web+* ext+* bitcoin dat did doi dweb ethereum hyper im ipfs ipns matrix openpgp4fpr ssb urn wtai',
  // Files, here or elsewhere on the network
  'file content disk disks afp smb smb-share cifs nfs dav davs webdav webdavs ftp ftps sftp tftp fish rsync scp trash phar netdoc',
  'file+* local remote zip tar fonts programs applications desktop bluetooth computer network recent recentdocs recentlyused starred burn archive cdda audiocd mtp gphoto2 obex',
  // Windows: programs that take arguments
  'ms-* search search-ms shell hcp vnd.ms.* windows.* windowsdefender onenote onenote-cmd odopen jnlp jnlps callto rdp wsl steam',
  'outlook stssync bingmaps windows-feedback x-help-script cmd powershell pwsh wscript cscript mshta',
  // Apple: installing, calling, settings, scripts
  'itms itmss itms-* macappstore macappstores applescript x-apple* x-man-page help prefs app-prefs facetime facetime-* imessage',
  'shortcuts workflow calshow webcal webcals feed photos-redirect settings systemsettings',
  // Android, and package managers: starting or installing the app that is named
  'intent android-app android-resource market apt apt+http appstream snap flatpak+https',
  // Calls and messages
  'tel telprompt sms smsto mms mmsto sip sips xmpp mailto geo maps fax modem h323 iax msrp msrps reload pres jabber tip tv',
  'skype aim gtalk msnim ymsgr gizmoproject mumble teamspeak ventrilo',
  // Sockets and buses of the machine, and what is connected to by address alone
  'unix unix+* http+* https+* ws+* wss+* ipc pipe npipe fd vsock dbus dbus+* tcp udp tls ssl grpc grpcs socks socks4 socks5 socks5h proxy',
  'stun stuns turn turns coap coaps coap+* coaps+* mqtt mqtts modbus+tcp dns mdns snmp iotdisco dtn ipn acr',
  // Databases and queues
  'postgres postgresql mysql mariadb mongodb mongodb+* redis rediss sqlite sqlserver amqp amqps kafka nats jms s3 gs hdfs',
  // Terminals, remote hosts, other protocols
  'ssh telnet tn3270 rlogin mosh vnc x-terminal putty iterm iterm2 winscp-* anydesk rustdesk teamviewer* vmrc',
  'git git+* svn svn+* hg+* bzr bzr+* cvs man info ghelp gopher news nntp snews irc irc6 ircs magnet ed2k',
  'rtsp rtsps rtspu rtmp rtmp* rtmfp mmsh mmst mmsu ldap ldaps ldapi rmi jdbc dict imap imaps finger smtp smtps submit pop pops pop3 pop3s',
  'aaa aaas acap acct cap crid example go iax2 icap icaps ipp ipps iris iris.* leaptofrogans mtqp mupdate ni nih opaquelocktoken pkcs11',
  'service session shttp sieve soap.beep* tag thismessage vemmi xcon xcon-userid xmlrpc.beep* z39.50 z39.50* mailserver pack prospero',
  'videotex wais afs attachment dis dlna-* dvb message mvn oid platform query soldat unreal ut2004 v-event webpack xri',
].flatMap((row) => row.split(' '));

/** Schemes of a single application: a store id of Windows, the broker of Microsoft's sign-in libraries, extensions of browsers. */
const APPLICATION_SCHEMES: ReadonlySet<string> = new Set([
  'ms-app',
  'ms-appx-web',
  'chrome-extension',
  'moz-extension',
  'safari-extension',
  'safari-web-extension',
]);

const rejectedSchemes = new Set(REJECTED_SCHEMES.filter((scheme) => !scheme.endsWith('*')));
const rejectedPrefixes = REJECTED_SCHEMES.filter((scheme) => scheme.endsWith('*')).map((scheme) =>
  scheme.slice(0, -1),
);

const isRejectedScheme = (scheme: string) =>
  rejectedSchemes.has(scheme) ||
  BROWSER_SCHEME.test(scheme) ||
  (!APPLICATION_SCHEMES.has(scheme) && rejectedPrefixes.some((prefix) => scheme.startsWith(prefix)));

/** Ends of schemes with which browsers offer to open a page, such as mqqbrowser, touch-https and yandexbrowser-open-url. */
const BROWSER_SCHEME = /^(?!https?$)[^.]*(?:browser|https?|open-url)$/;

/** A web address after a private-use scheme: "open this in that browser". Parsers of web addresses need no slashes. */
const WEB_ADDRESS = /https?:/i;

/** How often an application may decode what follows its scheme. */
const DECODINGS = 3;

const HOST_AND_PORT = /^[\w.-]+:\d+(?:[/?]|$)/;

function containsWebAddress(rest: string): boolean {
  let text = rest;
  for (let round = 0; round < DECODINGS; round++) {
    text = text.replace(/%([0-7][\da-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  }
  return WEB_ADDRESS.test(text);
}

/** Validates a redirect URI. It is stored unchanged and compared as a string (RFC 9700 §2.1), so ambiguous URIs are rejected. */
export function redirectUriFault(value: string): string | undefined {
  // RFC 9700 §4.1: patterns turn one registered URI into an open set of them
  if (value.includes('*')) return 'must not contain a wildcard (*)';
  const url = parseUri(value);
  if (typeof url === 'string') return url;
  const scheme = url.protocol.slice(0, -1);
  // RFC 6749 §3.1.2
  if (value.includes('#')) return 'must not contain a fragment (#)';
  if (isRejectedScheme(scheme)) {
    return `must not use the scheme ${scheme}; use https, http on loopback, or a private-use scheme`;
  }
  if (!/^https?$/.test(scheme) && containsWebAddress(value.slice(scheme.length))) {
    return 'must not contain a web address after a private-use scheme; use the https URI itself, or omit the address';
  }
  if (/^[^:]+:\/*$/.test(value)) return 'must contain a host or path after its scheme';
  // A forgotten http:// makes a private-use scheme of "localhost"
  if (HOST_AND_PORT.test(value)) return 'must begin with a scheme, such as https:// or http://';
  // RFC 8252 §8.3: plain http only if it does not leave the machine
  if (scheme === 'http' && !isLoopback(url)) {
    return 'must use https; http is allowed for localhost, 127.0.0.0/8 and [::1] only';
  }
  return undefined;
}

/** Validates a list of redirect URIs. */
export function redirectUriFaults(uris: readonly string[]): string[] {
  if (uris.length > MAX_REDIRECT_URIS) return [`must have at most ${MAX_REDIRECT_URIS} URIs`];
  return entryFaults(uris, redirectUriFault);
}

/**
 * Whether a redirect URI of a request is one that a client registered: the same string, but for the port of loopback ones
 * (RFC 8252 §7.3).
 */
export function isRegisteredRedirectUri(requested: string, registered: readonly string[]): boolean {
  if (registered.includes(requested)) return true;
  const withoutPort = loopbackWithoutPort(requested);
  return withoutPort !== null && registered.some((uri) => loopbackWithoutPort(uri) === withoutPort);
}

const LOOPBACK_URI = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost))(?::(\d{1,5}))?(\/.*|\?.*)?$/;

/** Null: it is no loopback URI. */
function loopbackWithoutPort(uri: string): string | null {
  const [, origin, port = '', rest = ''] = LOOPBACK_URI.exec(uri) ?? [];
  return origin === undefined || Number(port) > 65_535 ? null : origin + rest;
}
