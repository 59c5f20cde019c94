/** The nonce that the server gave this page: styles that are made while it runs are known by it. */
export const styleNonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';

// What keeps the page still behind a dialog makes a style, too, and asks for the nonce by this name.
Object.assign(globalThis, { __webpack_nonce__: styleNonce });
