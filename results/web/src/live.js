export function startServed() {}
