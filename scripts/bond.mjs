// Loaded before the program by launch.mjs. The channel between the two closes by itself when the
// launcher dies; being killed outright must then mean the same here, or the program would live on
// unseen, holding its port and its data.
if (process.channel) {
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  process.channel.unref()
  // Processes started from here are not part of the bond.
  delete process.env.NODE_CHANNEL_FD
}
