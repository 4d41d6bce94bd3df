import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { promisify } from 'node:util'
import { KeyringError, openKeyring, Unsealable } from '../../src/platform/sealing/index.ts'
import { keyringContract } from './keyring-contract.ts'
import { NO_SOFTHSM, PIN, SOFTHSM, softhsmFolder } from './softhsm.ts'

const ENV = { TOKEN_PIN: PIN }
const CONTEXT = Buffer.from('a context')
let softhsm: ReturnType<typeof softhsmFolder>
before(() => {
  if (NO_SOFTHSM) return
  softhsm = softhsmFolder()
  for (const label of ['contract', 'fairlock', 'other', 'twice', 'twice', 'gone']) softhsm.initToken(label)
})
after(() => softhsm?.stop())

const open = (label: string, env: NodeJS.ProcessEnv = ENV, module = SOFTHSM) =>
  openKeyring(`pkcs11:${module}?token=${label}&pin-env=TOKEN_PIN`, env)

keyringContract(
  'pkcs11',
  async () => {
    const keyring = await open('contract')
    return { keyring, stop: () => keyring.close() }
  },
  NO_SOFTHSM,
)

suite('a token', { skip: NO_SOFTHSM }, () => {
  test('keeps its keys: they are sensitive, not extractable, 256 bits, and made on it', async () => {
    const keyring = await open('fairlock')
    const id = await keyring.create()
    assert.match(id, /^fairlock-\d{17}-[0-9a-f]{8}$/)
    const { default: api } = await import('pkcs11js')
    await withSession('fairlock', (module, session) => {
      module.C_FindObjectsInit(session, [{ type: api.CKA_LABEL, value: id }])
      const key = module.C_FindObjects(session, 1)[0]!
      module.C_FindObjectsFinal(session)
      const flag = (type: number) =>
        (module.C_GetAttributeValue(session, key, [{ type }])[0]!.value as Buffer)[0]
      assert.deepEqual(
        [
          api.CKA_SENSITIVE,
          api.CKA_ALWAYS_SENSITIVE,
          api.CKA_NEVER_EXTRACTABLE,
          api.CKA_LOCAL,
          api.CKA_PRIVATE,
        ].map(flag),
        [1, 1, 1, 1, 1],
      )
      assert.deepEqual([api.CKA_EXTRACTABLE, api.CKA_MODIFIABLE, api.CKA_WRAP].map(flag), [0, 0, 0])
      assert.equal(flag(api.CKA_VALUE_LEN), 32)
      assert.throws(() => module.C_GetAttributeValue(session, key, [{ type: api.CKA_VALUE }]), /SENSITIVE/)
    })
    await keyring.close()
  })

  test('is used by several keyrings of one process, until the last is closed', async () => {
    const [one, two] = await Promise.all([open('fairlock'), open('fairlock')])
    const id = (await one.ids())[0]!
    const wrapped = await one.wrap(id, Buffer.alloc(32, 1), CONTEXT)
    await one.close()
    assert.deepEqual(await two.unwrap(id, wrapped, CONTEXT), Buffer.alloc(32, 1))
    await two.close()
    const again = await open('fairlock')
    assert.deepEqual(await again.unwrap(id, wrapped, CONTEXT), Buffer.alloc(32, 1), 'after a restart too')
    await again.close()
  })

  test('that refused the PIN is not asked again, or it would lock itself', async () => {
    const env = { TOKEN_PIN: '00000000' }
    const keyring = await open('other', env)
    await assert.rejects(keyring.ids(), /CKR_PIN_INCORRECT.*Correct the PIN/)
    env.TOKEN_PIN = PIN
    await assert.rejects(keyring.ids(), /CKR_PIN_INCORRECT/, 'only a new start asks again')
    await keyring.close()
    const right = await open('other')
    assert.deepEqual(await right.ids(), [])
    await right.close()
  })

  test('takes its PIN from a file that others may not use', async () => {
    const path = join(softhsm.folder, 'pin')
    writeFileSync(path, `${PIN}\n`, { mode: 0o600 })
    const keyring = await openKeyring(`pkcs11:${SOFTHSM}?token=other&pin-file=${path}`, {})
    assert.deepEqual(await keyring.ids(), [])
    await keyring.close()
    chmodSync(path, 0o604)
    const readable = await openKeyring(`pkcs11:${SOFTHSM}?token=other&pin-file=${path}`, {})
    await assert.rejects(readable.ids(), /chmod 600/)
    await readable.close()
  })

  test('with a key that can be read out, or with two of one name, is not used', async () => {
    const keyring = await open('other')
    await keyring.ids()
    const { default: api } = await import('pkcs11js')
    await withSession('other', (module, session) => {
      for (const label of ['fairlock-soft', 'fairlock-same', 'fairlock-same']) {
        module.C_CreateObject(session, [
          { type: api.CKA_CLASS, value: api.CKO_SECRET_KEY },
          { type: api.CKA_KEY_TYPE, value: api.CKK_AES },
          { type: api.CKA_TOKEN, value: true },
          { type: api.CKA_ENCRYPT, value: true },
          { type: api.CKA_DECRYPT, value: true },
          { type: api.CKA_SENSITIVE, value: false },
          { type: api.CKA_EXTRACTABLE, value: true },
          { type: api.CKA_LABEL, value: label },
          { type: api.CKA_VALUE, value: randomBytes(32) },
        ])
      }
    })
    await assert.rejects(keyring.wrap('fairlock-soft', Buffer.alloc(32), CONTEXT), /can be read out/)
    await assert.rejects(keyring.wrap('fairlock-same', Buffer.alloc(32), CONTEXT), /several keys/)
    await keyring.close()
  })

  test('that forgets everybody is logged in to again', async () => {
    const keyring = await open('fairlock')
    const id = (await keyring.ids())[0]!
    const wrapped = await keyring.wrap(id, Buffer.alloc(32, 5), CONTEXT)
    await withSession('fairlock', (module, _session, slot) => module.C_CloseAllSessions(slot))
    const all = await Promise.all(Array.from({ length: 12 }, () => keyring.unwrap(id, wrapped, CONTEXT)))
    for (const one of all) assert.deepEqual(one, Buffer.alloc(32, 5))
    await keyring.close()
  })

  test('that is taken away is an error that says so, not a changed value', async () => {
    const keyring = await open('gone')
    const id = await keyring.create()
    const wrapped = await keyring.wrap(id, Buffer.alloc(32, 5), CONTEXT)
    const { default: api } = await import('pkcs11js')
    await withSession('gone', (module, session) => {
      module.C_FindObjectsInit(session, [{ type: api.CKA_LABEL, value: id }])
      const [key] = module.C_FindObjects(session, 1)
      module.C_FindObjectsFinal(session)
      module.C_DestroyObject(session, key!)
    })
    await assert.rejects(keyring.unwrap(id, wrapped, CONTEXT), (error: Error) => {
      assert.ok(error instanceof KeyringError && !(error instanceof Unsealable))
      assert.match(error.message, /does not hold/)
      return true
    })
    await keyring.close()
    for (const path of globSync(join(softhsm.folder, '*/token.object')))
      if (readFileSync(path, 'latin1').includes('gone   ')) rmSync(path)
    const absent = await open('gone')
    await assert.rejects(absent.ids(), KeyringError)
    await absent.close()
  })

  test('that is not there, or there twice, or a module that is none, is named', async () => {
    const twice = await open('twice')
    await assert.rejects(twice.ids(), KeyringError)
    await twice.close()
    const absent = await open('absent')
    await assert.rejects(absent.ids(), /no token with the label absent/)
    await absent.close()
    await assert.rejects(
      open('fairlock', ENV, '/nowhere/module.so'),
      /cannot be used: .*Correct FAIRLOCK_KEYRING/,
    )
    await assert.rejects(open('fairlock', ENV, '/etc/passwd'), KeyringError)
  })
})

test('a keyring on a token wants an absolute path, a label and one source of the PIN', async () => {
  const wrong = [
    'pkcs11:module.so?token=a&pin-env=P',
    'pkcs11:/module.so?pin-env=P',
    'pkcs11:/module.so?token=a',
    'pkcs11:/module.so?token=a&pin-env=P&pin-file=/p',
    'pkcs11:/module.so?token=a&pin=1234',
    'pkcs11:/module.so?token=a&token=b&pin-env=P',
  ]
  for (const uri of wrong) await assert.rejects(openKeyring(uri, {}), KeyringError)
})

test('without the compiled library it says what to install', async () => {
  const script = `
    import { registerHooks } from 'node:module'
    registerHooks({ resolve(name, context, next) { if (name === 'pkcs11js') throw new Error('gone'); return next(name, context) } })
    const { openKeyring } = await import(${JSON.stringify(new URL('../../src/platform/sealing/index.ts', import.meta.url).href)})
    await openKeyring('env:KEYS', { KEYS: '' })
    await openKeyring('pkcs11:/module.so?token=a&pin-env=P', { P: '1' }).catch((error) => console.log(error.name, error.message))
  `
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
  assert.match(stdout, /^KeyringError .*build-essential python3\), then run npm rebuild pkcs11js/)
})

type Session = (module: import('pkcs11js').PKCS11, session: Buffer, slot: Buffer) => void

/** Does something on a token beside the program; the keyring under test has initialised the module. */
async function withSession(label: string, work: Session): Promise<void> {
  const { default: api } = await import('pkcs11js')
  const module = new api.PKCS11()
  module.load(SOFTHSM!)
  const slot = module.C_GetSlotList(true).find((one) => module.C_GetTokenInfo(one).label.trimEnd() === label)!
  const session = module.C_OpenSession(slot, api.CKF_SERIAL_SESSION | api.CKF_RW_SESSION)
  work(module, session, slot)
  try {
    module.C_CloseSession(session)
  } catch (error) {
    if (!(error instanceof Error) || error.message !== 'CKR_SESSION_HANDLE_INVALID') throw error
  }
}
