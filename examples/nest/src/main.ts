import { buildApp } from './app'

async function main(): Promise<void> {
  const app = await buildApp()
  await app.listen(Number(process.env['PORT'] ?? 3000))
}

void main()
