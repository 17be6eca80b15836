type Rule = { says: RegExp; why: string; remedy: (destination: string) => string }

/** ssh answers 255 for everything; only its words tell one trouble from another. Source: OpenSSH's sshconnect.c. */
const rules: readonly Rule[] = [
  {
    says: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    why: 'its host key is not the known one',
    remedy: (to) =>
      `compare the fingerprint with the host's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there); if the host was re-made: ssh-keygen -R HOST, then: ssh ${to} true`,
  },
  {
    says: /Host key verification failed/,
    why: 'its host key is not known here',
    remedy: (to) => `ssh ${to} true   # compare the fingerprint it shows before you accept it`,
  },
  {
    says: /No user exists for uid/,
    why: 'this uid has no entry in passwd, and ssh goes nowhere without one',
    remedy: () => 'run it as a user whom `id -un` can name',
  },
  {
    says: /^Load key .*: (?:error in libcrypto|invalid format)/m,
    why: 'a key of yours cannot be read',
    remedy: () =>
      'sed -i "s/\\r$//" KEYFILE where it has line ends of Windows; else have it made anew: ssh-keygen -t ed25519',
  },
  {
    says: /Permission denied|Too many authentication failures/,
    why: 'it takes none of your keys',
    remedy: (to) => `ssh-add KEYFILE, or have your key added to authorized_keys there; try: ssh ${to} true`,
  },
  {
    says: /Could not resolve hostname/,
    why: 'its name is not known here',
    remedy: () => 'correct ssh: in the config, or give the name an entry in ~/.ssh/config',
  },
]

/** Why ssh did not get there, and what to do about it. */
export const explainSshFailure = (words: string, destination: string): { why: string; remedy: string } => {
  const rule = rules.find(({ says }) => says.test(words))
  return rule
    ? { why: rule.why, remedy: rule.remedy(destination) }
    : { why: 'it does not answer', remedy: `ssh -v ${destination} true` }
}
