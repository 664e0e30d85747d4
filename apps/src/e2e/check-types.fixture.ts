import { createRequire } from 'node:module'
import type TypeScript from 'typescript'

// node check-types.fixture.js COMPILER [[word of a command line, ...], ...]: what `tsc` would find, for each command line, but only in the files
// that it names and in the types of @hoptrace. What is wrong in the types of others is not ours to mend, and checking them takes most of the time.

const [, , compiler = '', settings = '[]'] = process.argv
const ts = createRequire(`${process.cwd()}/`)(compiler) as typeof TypeScript
const host: TypeScript.FormatDiagnosticsHost = {
  getCurrentDirectory: () => process.cwd(),
  getCanonicalFileName: (name) => name,
  getNewLine: () => '\n',
}

function found(words: readonly string[]): string {
  const { options, fileNames, errors } = ts.parseCommandLine(words)
  const program = ts.createProgram(fileNames, options)
  const ours = program
    .getSourceFiles()
    .filter(({ fileName }) => fileNames.includes(fileName) || fileName.includes('/@hoptrace/'))
  const diagnostics = [
    ...errors,
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...ours.flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]),
  ]
  return ts.formatDiagnostics(diagnostics, host)
}

console.log(JSON.stringify((JSON.parse(settings) as string[][]).map(found)))
