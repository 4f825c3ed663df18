import DefaultTheme from 'vitepress/theme-without-fonts';
import CodecExplorer from './CodecExplorer.vue';
import EpsilonExplorer from './EpsilonExplorer.vue';
import Playground from './Playground.vue';
import './style.css';

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('Playground', Playground);
    app.component('CodecExplorer', CodecExplorer);
    app.component('EpsilonExplorer', EpsilonExplorer);
  },
};
