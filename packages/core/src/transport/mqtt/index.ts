/**
 * MQTT: `mqttServer` on the server, `mqttExchange` on the client, over any broker.
 *
 * @module
 */
export type { MqttClient, MqttPlace } from './client.ts';
export { type MqttExchange, mqttExchange, type MqttExchangeOptions } from './exchange.ts';
export { type MqttAuthentication, mqttServer, type MqttServer, type MqttServerOptions } from './server.ts';
