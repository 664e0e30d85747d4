const body = {
  type: 'object',
  required: ['id', 'sku', 'quantity'],
  properties: { id: { type: 'string' }, sku: { type: 'string' }, quantity: { type: 'integer', minimum: 1 } },
}

export default async function orders(app) {
  app.post('/', { schema: { body } }, async (request, reply) => {
    const { id, sku, quantity } = request.body
    app.tracer.hop?.setKey('orderId', id)
    if (!(await app.stock.has(sku, quantity))) return reply.code(409).send({ error: 'out of stock' })
    app.tracer.hop?.event('order.accepted', { sku, quantity })
    return reply.code(201).send({ id })
  })
}
