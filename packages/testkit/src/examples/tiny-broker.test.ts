import { messageAdapterSuite } from '../index.js'
import { tinyBroker } from './tiny-broker.fixture.js'

messageAdapterSuite(tinyBroker)
