// FedProx's figure 1 on synthetic(0, 0), where they differ less. pnpm bench experiments fedprox-synthetic-alike
import { fedProxSynthetic } from '../shared/fedprox-synthetic.ts';

export default fedProxSynthetic('fedprox-synthetic-alike', 0, 0);
