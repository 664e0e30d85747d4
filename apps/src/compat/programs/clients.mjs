// Each client as a function that sends a GET.
import http from 'node:http'
import { traceAxios } from '@hoptrace/axios'

/**
 * Loads a client, by the name under which it is installed, or of Node. The function resolves with the status, whatever that is. Only axios 1 has an
 * adapter; the others are traced for the whole process.
 */
export async function clientOf(client, tracer) {
  const name = client.replace(/-\d+$/, '')
  const loaded = name === 'fetch' || name === 'http' ? undefined : await import(client)
  switch (name) {
    case 'http':
      return (url) =>
        new Promise((resolve, reject) => {
          http
            .get(url, (response) => response.resume().on('end', () => resolve(response.statusCode)))
            .on('error', reject)
        })
    case 'fetch':
      return (url) => fetched(fetch, url)
    case 'node-fetch':
      return (url) => fetched(loaded.default, url)
    case 'undici':
      return async (url) => {
        const { statusCode, body } = await loaded.request(url)
        await body.text()
        return statusCode
      }
    case 'got':
      return async (url) => (await (loaded.got ?? loaded.default)(url, quietGot)).statusCode
    case 'superagent':
      return async (url) => (await loaded.default.get(url).ok(() => true)).status
    case 'axios': {
      const instance = loaded.default.create({ validateStatus: () => true })
      const traced = client === 'axios-0' ? instance : traceAxios(instance, tracer)
      return async (url) => (await traced.get(url)).status
    }
    default:
      throw new Error(`no client is called ${client}`)
  }
}

const quietGot = { throwHttpErrors: false, retry: { limit: 0 } }

async function fetched(fetch, url) {
  const response = await fetch(url)
  await response.text()
  return response.status
}
