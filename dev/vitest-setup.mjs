// Before any test, and again before each run in watch mode: tests start processes from what is built here.
import { build } from './built.mjs'

export default async function setup(project) {
  await build()
  project.onTestsRerun(build)
}
