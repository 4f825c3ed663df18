// Clients of a federation in a page, whose server is the one that the page came from: page.mjs?kind=<kind>&ids=<client>,<client>
import * as compression from '@fedkit/compression';
import * as core from '@fedkit/core';
import { fetchExchange } from '@fedkit/core/transport/fetch';
import * as privacy from '@fedkit/privacy';
import * as secagg from '@fedkit/secagg';
import { kinds } from './kinds.mjs';

export async function report(parameters) {
  const { client } = kinds({ compression, core, privacy, secagg });
  const exchange = (id) =>
    fetchExchange({ url: `${location.origin}/fedkit`, headers: { authorization: `Bearer ${id}` } });
  const ids = parameters.get('ids').split(',');
  await Promise.all(ids.map((id) => client(parameters.get('kind'), id, exchange(id)).run()));
  return {};
}
