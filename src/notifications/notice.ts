/** What a notice's data may hold; each kind has its own. */
export type NoticeData = Record<string, unknown>

/** What a kind of notice is called, and how it is put. */
export type Words = { subject: string; sentence: (data: NoticeData) => string }
