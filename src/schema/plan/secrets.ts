/** In options of foreign servers and user mappings, and in the connection of a subscription. */
const option = /\b(password|passfile|sslpassword)\s+'(?:[^']|'')*'/gi
const inConnection = /\b(password|sslpassword)\s*=\s*(?:''(?:[^']|\\')*''|[^\s';]+)/gi

/** A definition as it may be shown: passwords stand in some. */
export const withoutSecrets = (definition: string): string =>
  definition.replace(option, "$1 '***'").replace(inConnection, '$1=***')
