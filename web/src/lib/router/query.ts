// One parameter of an address's query, set or cleared; the others stay.

export function withQuery(path: string, search: string, name: string, value: string | null): string {
  const query = new URLSearchParams(search);
  if (value === null || value === "") query.delete(name);
  else query.set(name, value);
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}
