/** What is being done, on standard error: one line that changes on a terminal, otherwise nothing. */
export function showProgress(): { progress(text: string): void; done(): void } {
  const { stderr } = process
  if (!stderr.isTTY) return { progress: () => undefined, done: () => undefined }
  const began = performance.now()
  const show = (text: string) => stderr.write(`\r\x1b[K${text}`)
  return {
    progress: (text) => show(`${Math.round((performance.now() - began) / 1000)} s  ${text} …`),
    done: () => show(''),
  }
}
