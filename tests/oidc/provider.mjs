// A certified OpenID provider for the stories, with a browser-less browser before it and a lever for each way in
// which providers misbehave. Prints one line of JSON once it listens; ends with its standard input.
import { createServer } from 'node:http';
import { once } from 'node:events';
import * as jose from 'jose';
import Provider from 'oidc-provider';

const accounts = new Map();
let twist = '';
let keyNumber = 0;
let current;
let published;

async function rotate() {
  const { publicKey, privateKey } = await jose.generateKeyPair('ES256', { extractable: true });
  keyNumber += 1;
  const about = { kid: `key-${keyNumber}`, use: 'sig', alg: 'ES256' };
  current = { key: privateKey, kid: about.kid };
  published = { ...(await jose.exportJWK(publicKey)), ...about };
  return { ...(await jose.exportJWK(privateKey)), ...about };
}

const first = await rotate();
const server = createServer();
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'ccag.apps.example',
    client_secret: 'a secret with: signs & spaces',
    application_type: 'native',
    redirect_uris: ['http://127.0.0.1/oauth/callback'],
    response_types: ['code'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: 'ES256',
  }],
  jwks: { keys: [first] },
  cookies: { keys: ['stories'] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username', 'groups'] },
  conformIdTokenClaims: false,
  enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
  pkce: { required: () => true },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, name: id, ...accounts.get(id) }),
  }),
});

// What the provider says of itself stays as it is; its tokens become what the lever asks for.
provider.use(async (ctx, next) => {
  await next();
  if (ctx.path === '/jwks') ctx.body = { keys: [published] };
  if (ctx.path !== '/token' || !ctx.body?.id_token || (!twist && keyNumber === 1)) return;
  ctx.body.id_token = await twisted(jose.decodeJwt(ctx.body.id_token));
});

async function twisted(claims) {
  const now = Math.floor(Date.now() / 1000);
  switch (twist) {
    case 'nonce': return sign({ ...claims, nonce: 'another' });
    case 'no nonce': return sign({ ...claims, nonce: undefined });
    case 'expired': return sign({ ...claims, exp: now - 3600 });
    case 'audience': return sign({ ...claims, aud: 'another-client' });
    case 'issuer': return sign({ ...claims, iss: 'https://evil.example' });
    case 'none': return new jose.UnsecuredJWT(claims).encode();
    case 'secret': return new jose.SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: current.kid })
      .sign(new TextEncoder().encode('a secret with: signs & spaces'));
    case 'foreign key': {
      const { privateKey } = await jose.generateKeyPair('ES256');
      return new jose.SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: current.kid }).sign(privateKey);
    }
    default: return sign(claims);
  }
}

function sign(claims) {
  return new jose.SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: current.kid }).sign(current.key);
}

server.on('request', provider.callback());

// A browser that signs in as `login` and agrees to everything; gives the address it is sent back to.
async function browse(start, login) {
  const jar = new Map();
  let request = { url: start, method: 'GET' };
  for (let step = 0; step < 20; step += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(request.url, {
      method: request.method, redirect: 'manual', body: request.body, headers: { cookie },
    });
    for (const set of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set);
      if (value) jar.set(name, value); else jar.delete(name);
    }
    const location = response.headers.get('location');
    if (location) {
      const next = new URL(location, request.url);
      if (!next.href.startsWith(issuer)) return next.href;
      request = { url: next.href, method: 'GET' };
      continue;
    }
    const page = await response.text();
    const prompt = /name="prompt" value="([a-z]+)"/.exec(page)?.[1];
    if (!prompt) throw new Error(`the provider answers ${response.status}: ${page.slice(0, 500)}`);
    const body = new URLSearchParams({ prompt, ...(prompt === 'login' && { login, password: 'any' }) });
    request = { url: /action="([^"]+)"/.exec(page)?.[1] ?? request.url, method: 'POST', body };
    request.url = new URL(request.url, issuer).href;
  }
  throw new Error('the provider does not come to an end');
}

const levers = {
  '/twist': async ({ how }) => { twist = how; },
  '/rotate': async () => { await rotate(); },
  '/account': async ({ login, ...claims }) => { accounts.set(login, claims); },
  '/browse': async ({ url, login }) => ({ url: await browse(url, login) }),
  '/mint': async (claims) => {
    const now = Math.floor(Date.now() / 1000);
    const token = await sign({ iss: issuer, aud: 'ccag.apps.example', iat: now, exp: now + 600, ...claims });
    return { token };
  },
};

const control = createServer(async (request, response) => {
  const chunks = await request.toArray();
  try {
    const answer = await levers[request.url](JSON.parse(Buffer.concat(chunks) || '{}'));
    response.end(JSON.stringify(answer ?? {}));
  } catch (error) {
    response.writeHead(500).end(String(error.stack));
  }
});
control.listen(0, '127.0.0.1');
await once(control, 'listening');
console.log(JSON.stringify({ issuer, control: `127.0.0.1:${control.address().port}` }));
process.stdin.resume().on('end', () => process.exit(0));
