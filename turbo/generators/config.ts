import type { PlopTypes } from '@turbo/gen'

const workspaces = 'vitest.workspace.ts'

/**
 * `npm run new`: a package that passes its kit from the start, to be filled with the real adapter or store.
 */
export default function generator(plop: PlopTypes.NodePlopAPI): void {
  for (const [kind, description] of [
    ['adapter', 'A new adapter: a web framework or an HTTP client'],
    ['store', 'A new store: a database under the store contract'],
  ] as const) {
    plop.setGenerator(kind, {
      description,
      prompts: [
        { type: 'input', name: 'name', message: 'Name of the package, after @hoptrace/', validate: isName },
        {
          type: 'input',
          name: 'title',
          message: 'The framework, client or database, as people write it: "hapi 21"',
        },
      ],
      actions: [
        {
          type: 'addMany',
          destination: '{{ turbo.paths.root }}/packages/{{ name }}',
          base: `templates/${kind}`,
          templateFiles: `templates/${kind}/**/*.hbs`,
          globOptions: { dot: true },
        },
        {
          type: 'add',
          path: '{{ turbo.paths.root }}/packages/{{ name }}/LICENSE',
          templateFile: '../../LICENSE',
        },
        {
          type: 'modify',
          path: `{{ turbo.paths.root }}/${workspaces}`,
          pattern: /^\];?$/m,
          template: "  'packages/{{ name }}',\n]",
        },
        (answers) =>
          `next: npm install, npx vitest run --project ${String(answers['name'])}, and docs/write-a${kind === 'adapter' ? 'n' : ''}-${kind}.md`,
      ],
    })
  }
}

function isName(text: string): true | string {
  return /^[a-z][a-z0-9-]{0,40}$/.test(text) || 'a-z 0-9 - and a letter first'
}
