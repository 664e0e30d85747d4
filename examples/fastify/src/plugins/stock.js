import plugin from 'fastify-plugin'

/** `app.stock.has(sku, quantity)`, asked of another service. */
export default plugin(async (app, { http, url }) => {
  app.decorate('stock', {
    async has(sku, quantity) {
      const { data } = await http.get(`${url}/stock/${encodeURIComponent(sku)}`)
      return data.left >= quantity
    },
  })
})
