/** Asks the browser for passkeys: JSON of the server in, JSON for the server out. Sends nothing. */

/** Whether this browser has passkeys, and can speak of them in JSON. */
export function hasPasskeys(): boolean {
  return typeof PublicKeyCredential === 'function' && 'parseRequestOptionsFromJSON' in PublicKeyCredential;
}

/** What is sent of a passkey. */
export type PasskeyAnswer = Record<string, never>;

interface Options {
  [name: string]: unknown;
}

/** Makes a passkey. Rejects when the reader turns it down. */
export async function makePasskey(options: Options): Promise<PasskeyAnswer> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey as PublicKeyCredentialCreationOptionsJSON);
  return answerOf(await navigator.credentials.create({ publicKey }));
}

/** Signs with a passkey. Rejects when the reader turns it down. */
export async function showPasskey(options: Options): Promise<PasskeyAnswer> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey as PublicKeyCredentialRequestOptionsJSON);
  return answerOf(await navigator.credentials.get({ publicKey }));
}

function answerOf(credential: Credential | null): PasskeyAnswer {
  if (!(credential instanceof PublicKeyCredential)) throw new Error('no passkey');
  return credential.toJSON() as PasskeyAnswer;
}
