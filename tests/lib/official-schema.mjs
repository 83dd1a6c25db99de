// What the official JSON schema of a revision says of a message or a result.
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/client/validators/ajv";
import { readFileSync } from "node:fs";

/** Returns the check for one revision: `check("ListToolsResult", value)` resolves to what is wrong with it, or undefined. */
export function officialSchema(revision) {
  const schema = JSON.parse(readFileSync(new URL(`../schemas/${revision}.json`, import.meta.url), "utf8"));
  const key = schema.$defs ? "$defs" : "definitions";
  const ajv = new AjvJsonSchemaValidator();
  const validators = new Map();
  return (name, value) => {
    if (!(name in schema[key])) throw new Error(`${revision} defines no ${name}`);
    if (!validators.has(name))
      validators.set(name, ajv.getValidator({ ...schema, allOf: [{ $ref: `#/${key}/${name}` }] }));
    return validators.get(name)(value).errorMessage;
  };
}

/** What a schema of a tool's own says of a value. */
export const against = (schema, value) => new AjvJsonSchemaValidator().getValidator(schema)(value).errorMessage;
