import type { Phase } from './bench.ts'
import { emptyFigure, httpSubjects, requestFigure, tradesFigure } from './http-trades.ts'
import { releaseFigure, releaseSubjects } from './release.ts'
import { callFigure, conversationFigure, tpcbSubject } from './tpcb.ts'

/** P1, P2 and P3: the release in the database and the whole trade over HTTP, beside TPC-B. */
export const trades: Phase = {
  name: 'trades',
  targets: [
    ...[8, 32].map((clients) => ({
      id: 'P1',
      title: `release against TPC-B conversation, ${clients} clients`,
      figure: releaseFigure(clients),
      to: conversationFigure(clients),
      wanted: { least: 0.8 },
    })),
    {
      id: 'P2',
      title: 'release, 32 clients against 2',
      figure: releaseFigure(32),
      to: releaseFigure(2),
      wanted: { least: 1 },
    },
    {
      id: 'P3',
      title: 'trades over HTTP against TPC-B conversation, 8 clients',
      figure: tradesFigure,
      to: conversationFigure(8),
      wanted: { least: 0.12 },
    },
    {
      id: 'P3',
      title: 'request of a trade against an empty request',
      figure: requestFigure,
      to: emptyFigure,
      wanted: { most: 8 },
    },
  ],
  told: [callFigure(8)],
  async open(context, wanted) {
    const clientCounts = [2, 8, 32].filter((clients) => wanted.has(releaseFigure(clients)))
    const releases = await releaseSubjects(context, clientCounts)
    const overHttp = wanted.has(tradesFigure) ? await httpSubjects(context) : []
    const yardsticks = [
      ...[8, 32]
        .filter((clients) => wanted.has(conversationFigure(clients)))
        .map((clients) => tpcbSubject(context, 'conversation', clients)),
      ...(wanted.has(callFigure(8)) ? [tpcbSubject(context, 'call', 8)] : []),
    ]
    return [...yardsticks, ...releases, ...overHttp]
  },
}
