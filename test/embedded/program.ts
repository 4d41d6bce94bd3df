import { startEmbedded } from '../../src/platform/embedded/index.ts'
import { QUICK } from './support.ts'

const server = await startEmbedded({ dataDir: process.argv[2]!, settings: QUICK })
server.announce('http://127.0.0.1:3999')
console.log(server.ownerUrl)
process.once('SIGTERM', async () => {
  await server.stop()
  process.exit()
})
setInterval(() => {}, 60_000)
