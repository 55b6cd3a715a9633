/** Which source has the rows of which kind. */
import { unreachable } from '../../base/core/errors.ts';
import type { ViewKind } from '../core/view-shapes.ts';
import { cellsSource } from './cells.ts';
import { eventsSource } from './events.ts';
import { instancesSource } from './instances.ts';
import type { LrpCounter } from './lrp-counts.ts';
import { lrpsSource } from './lrps.ts';
import { routesSource } from './routes.ts';
import type { ViewSource } from './source.ts';
import { tasksSource } from './tasks.ts';

/** A source of its own for each population: some remember what they have told. */
export function createSource(kind: ViewKind, counter: LrpCounter): ViewSource {
  switch (kind) {
    case 'cells':
      return cellsSource();
    case 'lrps':
      return lrpsSource(counter);
    case 'instances':
      return instancesSource();
    case 'tasks':
      return tasksSource;
    case 'routes':
      return routesSource(counter);
    case 'events':
      return eventsSource();
    default:
      return unreachable(kind);
  }
}
