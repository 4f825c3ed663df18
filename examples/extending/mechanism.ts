/**
 * A mechanism of one's own: every tensor has a clip of its own before all of them share one, so that a layer of large gradients does
 * not shrink the others. McMahan, Ramage, Talwar, Zhang, "Learning Differentially Private Recurrent Language Models", ICLR 2018,
 * section 3.2.
 *
 * A record that was clipped before is clipped to the same norm after: the event is that of the mechanism within.
 *
 * @module
 */
import type { Layout } from '@fedkit/core';
import { checkPositive, checkVector, isFiniteVector } from '@fedkit/core/extend';
import type { CentralNoiseMaker } from '@fedkit/core/pipeline';
import { clipL2, gaussianMechanism } from '@fedkit/privacy';

/** @param clipOf - L2 bound of one tensor's part of an update, > 0. */
export function perTensorClipping(layout: Layout, clipOf: (tensor: string) => number): CentralNoiseMaker {
  const clips = layout.tensors.map(({ name }) => checkPositive(`perTensorClipping: clip of ${name}`, clipOf(name)));
  return (options) => {
    const noise = gaussianMechanism({ placement: 'central', ...options });
    return {
      ...noise,
      accumulate(sum, values) {
        checkVector('perTensorClipping.accumulate: values', values, layout.size);
        // The mechanism within sets aside what is not finite.
        if (!isFiniteVector(values)) return noise.accumulate(sum, values);
        const clipped = values.slice();
        layout.tensors.forEach(({ name }, i) => clipL2(layout.view(clipped, name), clips[i]));
        return noise.accumulate(sum, clipped);
      },
    };
  };
}
