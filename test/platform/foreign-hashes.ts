// Password hashes as other implementations made them: Python 3.11's hashlib (PBKDF2, scrypt) and crypt (bcrypt, of
// libxcrypt) and OpenSSL (Argon2id; AES for Firebase), by
//
//   f'pbkdf2_sha256${n}${salt}${b64encode(hashlib.pbkdf2_hmac("sha256", password, salt, n))}'
//   crypt.crypt(password, '$2b$06$abcdefghijklmnopqrstuu')
//   f'$scrypt$ln={ln},r={r},p={p}${b64(salt)}${b64(hashlib.scrypt(password, salt=salt, n=2**ln, r=r, p=p))}'
//   Argon2id(salt=salt, length=32, iterations=t, lanes=p, memory_cost=m).derive_phc_encoded(password)
//
// and for Firebase scrypt with the salt and its separator, then AES-256-CTR of the signer key from a counter of zero.

/** Of `PASSWORD`. */
export const FOREIGN_HASHES = {
  'bcrypt $2a$': '$2a$05$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS',
  'bcrypt $2b$': '$2b$06$abcdefghijklmnopqrstuu10cNU3mXRamSUZYs8I8M/Szu..qXq5K',
  'bcrypt $2y$': '$2y$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG',
  'PBKDF2 as Django writes it':
    'pbkdf2_sha256$1000$NaCl0salt0NaCl0salt0AB$rRG2GLfo+G6bsBdfLQDfr6oQPX9lHWT1hE4fsiBJ2W0=',
  'PBKDF2 of more iterations than one call may have':
    'pbkdf2_sha256$100001$NaCl0salt0NaCl0salt0AB$deslqI2oPZQqRqtOn8yptQDaKQCZfAEQXg2vyciMpqc=',
  'PBKDF2 as passlib writes it':
    '$pbkdf2-sha256$29000$8PHy8/T19vf4.fr7/P3./w$TIQYWp/SSsGPoi.1mD0fYa.nVEgUooOxmJUVsSgmQa8',
  'PBKDF2 as PHC':
    '$pbkdf2-sha256$i=2000$8PHy8/T19vf4+fr7/P3+/w$EsGvS6jyHutJWPvqDLlYNM2egsIYdwZUL+rd090sbUU',
  'PBKDF2 as PHC, with its length':
    '$pbkdf2-sha256$i=2000,l=32$8PHy8/T19vf4+fr7/P3+/w$EsGvS6jyHutJWPvqDLlYNM2egsIYdwZUL+rd090sbUU',
  'scrypt as PHC':
    '$scrypt$ln=10,r=8,p=1$8PHy8/T19vf4+fr7/P3+/w$n5y9hrV80jPF5eBETbfKUkiKZk3DXkL+xiNruiraf+U',
  'scrypt of several lanes, 64 bytes':
    '$scrypt$ln=8,r=8,p=3$8PHy8/T19vf4+fr7/P3+/w$zH7NWDAQkYpqC2NJlLlGyCY5zKYDlHQFgFbJ+qlJeE63pJL3zyPLM1GzSx2nPiE/A/mVKweEMgV114R3dqYQXw',
  'scrypt as Firebase has it':
    '$fbscrypt$v=1,n=10,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$vQibveBq3PMBQy8hUpLTiiYvBoJNsSbxjCcWRxc908dxKWx/Mppc2YL+hdNJrn9JdO0/eLJRBmQ6Ttg7sOtquQ==',
  Argon2id:
    '$argon2id$v=19$m=256,t=2,p=1$8PHy8/T19vf4+fr7/P3+/w$rWG0oFpE91A4Jz4tiAEDOifKC8oGKzZp4E05JjjJE0E',
  'Argon2id of several lanes':
    '$argon2id$v=19$m=512,t=1,p=4$8PHy8/T19vf4+fr7/P3+/w$x/dlL2l9TJHIAFBsL7oun0IyKOxGbMRB25sxZKUyj5I',
}

export const UNICODE_PASSWORD = 'pässwörd \u{1F511}'

/** Of `UNICODE_PASSWORD`. */
export const FOREIGN_UNICODE_HASHES = {
  'bcrypt $2a$': '$2a$05$abcdefghijklmnopqrstuuJle.iZ0HydI0pt1p.fYQNcC2ygoDkde',
  'bcrypt $2b$': '$2b$06$abcdefghijklmnopqrstuuSskZbDLG58uOJUdReLArkoV0SHH.ble',
  'bcrypt $2y$': '$2y$04$abcdefghijklmnopqrstuuI9bZCuY3iL1D8aa7mpGEju3kdgOOzj6',
  'PBKDF2 as Django writes it':
    'pbkdf2_sha256$1000$NaCl0salt0NaCl0salt0AB$ICEufwqbVrz50QR52CAfBXTYwrv4PRn6EW81S7lyjYU=',
  'PBKDF2 of more iterations than one call may have':
    'pbkdf2_sha256$100001$NaCl0salt0NaCl0salt0AB$0lixJZ6rStKFo4wlOSkWKobw0sfHlhaZHQ6UryhOOPw=',
  'PBKDF2 as passlib writes it':
    '$pbkdf2-sha256$29000$8PHy8/T19vf4.fr7/P3./w$MoOMrB06Es/WMRytEs1iD/al2F2nL4wZX5niPSe1zm4',
  'PBKDF2 as PHC':
    '$pbkdf2-sha256$i=2000$8PHy8/T19vf4+fr7/P3+/w$0COS0YkTz+kFVw7luXionIgb+QLOSa/pYnh/8Cfy1CY',
  'PBKDF2 as PHC, with its length':
    '$pbkdf2-sha256$i=2000,l=32$8PHy8/T19vf4+fr7/P3+/w$0COS0YkTz+kFVw7luXionIgb+QLOSa/pYnh/8Cfy1CY',
  'scrypt as PHC':
    '$scrypt$ln=10,r=8,p=1$8PHy8/T19vf4+fr7/P3+/w$dAikbGiw3LhToeRLrdVexHPVgBapVJQOq/d3zw1yBq8',
  'scrypt of several lanes, 64 bytes':
    '$scrypt$ln=8,r=8,p=3$8PHy8/T19vf4+fr7/P3+/w$aKLZKosRqQG4gB4INiK7gDkqYqRN/x5pLXCYzAbbcscuquf9r0jw+YsfMq4oDkRWdV4z1Mf8tTFUf3R4L7HUvw',
  'scrypt as Firebase has it':
    '$fbscrypt$v=1,n=10,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$o3oMymkuL9OlwR0l6RZ2xFqytL0K8SYVAvwKDV06MODaRH/B+P3cOcQkkcCCgjLo9AGgI41THbFNZfwNwN08yw==',
  Argon2id:
    '$argon2id$v=19$m=256,t=2,p=1$8PHy8/T19vf4+fr7/P3+/w$qYF3M4IhAW7o+2HEELza4OussMMNCHLpyCnpQTgDTcM',
  'Argon2id of several lanes':
    '$argon2id$v=19$m=512,t=1,p=4$8PHy8/T19vf4+fr7/P3+/w$aQjDEc8NMcX1ePQ0TD7uZbgMA0qYU3pQoXUY2rO9O/U',
}
