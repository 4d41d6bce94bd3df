#!/usr/bin/env node
import { join } from 'node:path'
import { ensureInstalled, refuse, root } from './ensure.mjs'
import { launch } from './launch.mjs'

try {
  ensureInstalled()
  launch([join(root, 'src', 'main.ts'), ...process.argv.slice(2)])
} catch (error) {
  refuse(error)
}
