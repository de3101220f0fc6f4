// npm's hyperdeck-connection as a client of a deck: node hyperdeck_client.js NODE_MODULES PORT. Prints what it reads as JSON.
const [modules, port] = process.argv.slice(2)
const { Hyperdeck, Commands } = require(`${modules}/hyperdeck-connection`)

const deck = new Hyperdeck({ pingPeriod: 0 })
deck.on('error', (...error) => {
  console.error(...error)
  process.exit(1)
})
deck.on('connected', async (info) => {
  const device = await deck.sendCommand(new Commands.DeviceInfoCommand())
  const found = { model: device.model, protocol: info.protocolVersion }
  found.before = (await deck.sendCommand(new Commands.TransportInfoCommand())).status
  await deck.sendCommand(new Commands.PlayCommand(undefined, true))
  const playing = await deck.sendCommand(new Commands.TransportInfoCommand())
  Object.assign(found, { after: playing.status, loop: playing.loop, clip: playing.clipId })
  await deck.sendCommand(new Commands.StopCommand())
  await deck.sendCommand(new Commands.RecordCommand())
  found.recording = (await deck.sendCommand(new Commands.TransportInfoCommand())).status
  const slot = await deck.sendCommand(new Commands.SlotInfoCommand(1))
  Object.assign(found, { slot: slot.status, left: slot.recordingTime })
  console.log(JSON.stringify(found))
  process.exit(0)
})
deck.connect('127.0.0.1', Number(port))
