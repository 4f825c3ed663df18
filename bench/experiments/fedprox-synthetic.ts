// FedProx's figure 1 on synthetic(1, 1), where clients differ. pnpm bench experiments fedprox-synthetic
import { fedProxSynthetic } from '../shared/fedprox-synthetic.ts';

export default fedProxSynthetic('fedprox-synthetic', 1, 1);
