/** Whether an error's code says that Node or OpenSSL did not accept a certificate: unknown authority, expired, other host. */
export function isUntrustedCertificate(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS/.test(code);
}
