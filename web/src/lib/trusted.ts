// The page's own Trusted Types policy: the addresses of scripts that were built with it, and nothing else, may be run by name.
// It can be made once only, so whoever starts a worker comes here.

interface Policy {
  createScriptURL(url: string): string;
}
interface Factory {
  createPolicy(name: string, rules: Policy): Policy;
}

function own(url: string): string {
  const { origin, pathname, href } = new URL(url, location.href);
  // Below /api stands what people and agents have sent.
  if (origin !== location.origin || pathname.startsWith("/api/"))
    throw new TypeError(`${href} is no part of this page`);
  return href;
}

// The types of the platform do not know the factory everywhere, nor does every browser; what comes out is taken where a text is.
const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
const policy: Policy = factory?.createPolicy("agentrq", { createScriptURL: own }) ?? { createScriptURL: own };

/** The address of a script of this page, as the browser wants it for a worker. */
export const ownScript = (url: string): string => policy.createScriptURL(url);
