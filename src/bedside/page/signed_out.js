// This device was revoked, or not used for long: it is paired again, and comes back to where it was.

export function signOut() {
  location.replace(`/pair?out&to=${encodeURIComponent(location.pathname)}`);
}
