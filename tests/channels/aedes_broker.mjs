// One aedes broker on a free loopback port, which it prints. Its folder of modules is given.
import { createServer } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [modules, port] = process.argv.slice(2)
const { Aedes } = await import(pathToFileURL(join(modules, 'aedes', 'aedes.js')))
const broker = await Aedes.createBroker()
const server = createServer(broker.handle)
server.listen(Number(port), '127.0.0.1', () => console.log(server.address().port))
