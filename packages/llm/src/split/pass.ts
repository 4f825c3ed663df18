/**
 * A half of a model at work. Others may take the workspace while the other half answers: what was computed is then computed
 * again.
 *
 * @module
 */
import { loadWindows } from '../model/language-model.ts';
import type { Stretch } from '../network/block.ts';
import type { Machine } from '../network/linear.ts';
import { Session } from '../network/network.ts';
import { blocksBackward, blocksForward, embed, lastNorm, loss, prepare } from '../network/pass.ts';
import { targetCount, type Windows } from '../train/windows.ts';
import type { ModelHalf } from './cut.ts';

/** What a pass is made for. */
export interface HalfRequest {
  /** Windows of a step at most. */
  readonly batch: number;
  /** Tokens of a window. */
  readonly length: number;
}

abstract class HalfPass {
  readonly half: ModelHalf;
  readonly session: Session;
  /** Whether gradients of this step are there already. */
  protected gradients: Float32Array | undefined;
  /** Positions of a window, virtual tokens included. */
  readonly #positions: number;
  #windows = 0;
  /** Where the step's states are: gone once another machine is there. */
  #computed: Machine | undefined;

  constructor(half: ModelHalf, request: HalfRequest, params: Float32Array) {
    this.half = half;
    this.#positions = request.length + (half.model.adaptation.prompt?.tokens ?? 0);
    this.session = new Session(half.network, { mode: 'train', checkpoint: false, ...request }, params);
  }

  /** Values of the states of `windows` windows. */
  stateSize(windows: number): number {
    return windows * this.#positions * this.half.model.shape.width;
  }

  /** Starts a step over so many windows. */
  protected begin(windows: number): void {
    this.#windows = windows;
    this.gradients = undefined;
    this.session.gradient().fill(0);
    this.#computed = this.session.enter().machine;
    this.compute();
  }

  /** The machine as the step left it. */
  protected resume(): Machine {
    const { machine } = this.session.enter();
    if (machine === this.#computed) return machine;
    this.#computed = machine;
    if (this.gradients) this.session.gradient().set(this.gradients);
    else this.session.gradient().fill(0);
    this.compute();
    return machine;
  }

  protected get stretch(): Stretch {
    return { batch: this.#windows, positions: this.#positions, past: 0 };
  }

  protected read({ memory }: Machine, at: number): Float32Array {
    return memory.floats.slice(at / 4, at / 4 + this.stateSize(this.#windows));
  }

  protected backwardFrom(machine: Machine, gradient: Float32Array): void {
    machine.memory.floats.set(gradient, machine.plan.d.x / 4);
    blocksBackward(machine, this.half.model.shape, this.stretch);
  }

  /** Computes the step's states again, from what came in. */
  protected abstract compute(): void;
}

/** The device's half. */
export class DevicePass extends HalfPass {
  readonly #windows: Windows;
  #rows = new Uint32Array(0);

  constructor(half: ModelHalf, request: HalfRequest, params: Float32Array, windows: Windows) {
    super(half, request, params);
    this.#windows = windows;
  }

  /** The states that leave the device, shape [rows.length × positions × width]. */
  forward(rows: Uint32Array): Float32Array {
    this.#rows = rows.slice();
    this.begin(rows.length);
    const { machine } = this.session.enter();
    return this.read(machine, machine.plan.exit);
  }

  /** Mean loss of the states that came back, and its gradient in front of them; {@link labels} with the head here. */
  head(states: Float32Array): { loss: number; gradient: Float32Array } {
    const machine = this.resume();
    const { shape } = this.half.model;
    machine.memory.floats.set(states, machine.plan.last / 4);
    lastNorm(machine, shape, this.stretch);
    let sum = 0;
    const weight = 1 / Math.max(1, targetCount(this.#windows, this.#rows));
    loss(machine, shape, this.stretch, { weight }, (_, own) => {
      sum += own;
    });
    this.gradients = this.session.gradient().slice();
    return { loss: sum * weight, gradient: this.read(machine, machine.plan.d.x) };
  }

  /** What the server is told under `labels-to-server`, shape [rows.length × positions]. */
  labels(): Int32Array {
    const { memory, plan } = this.resume();
    return memory.ints.slice(plan.targets / 4, plan.targets / 4 + this.#rows.length * plan.positions);
  }

  /** Takes the gradient of the states that left to the parameters. */
  backward(gradient: Float32Array): void {
    this.backwardFrom(this.resume(), gradient);
  }

  protected compute(): void {
    const { machine } = this.session.enter();
    const { shape } = this.half.model;
    prepare(machine);
    loadWindows(machine, this.#windows, this.#rows);
    embed(machine, shape, this.stretch);
    blocksForward(machine, shape, this.stretch);
  }
}

/** The server's half. */
export class ServerPass extends HalfPass {
  #states: Float32Array = new Float32Array(0);

  /** States behind the last block, as they came in. */
  forward(windows: number, states: Float32Array): Float32Array {
    this.#states = states;
    this.begin(windows);
    const { machine } = this.session.enter();
    return this.read(machine, machine.plan.last);
  }

  /** The gradient of what came in, from that of what went out. */
  backward(gradient: Float32Array): Float32Array {
    const machine = this.resume();
    this.session.gradient().fill(0);
    this.backwardFrom(machine, gradient);
    return this.read(machine, machine.plan.d.x);
  }

  /** Mean loss in front of targets, shape [windows × positions], and the gradient of what came in. */
  labelled(windows: number, states: Float32Array, targets: Int32Array): { loss: number; gradient: Float32Array } {
    this.forward(windows, states);
    const { machine } = this.session.enter();
    const { shape } = this.half.model;
    machine.memory.ints.set(targets, machine.plan.targets / 4);
    lastNorm(machine, shape, this.stretch);
    const count = targets.reduce((sum, target) => sum + (target >= 0 ? 1 : 0), 0);
    const weight = 1 / Math.max(1, count);
    let sum = 0;
    loss(machine, shape, this.stretch, { weight }, (_, own) => {
      sum += own;
    });
    return { loss: sum * weight, gradient: this.read(machine, machine.plan.d.x) };
  }

  protected compute(): void {
    const { machine } = this.session.enter();
    prepare(machine);
    machine.memory.floats.set(this.#states, machine.plan.entry / 4);
    blocksForward(machine, this.half.model.shape, this.stretch);
  }
}
