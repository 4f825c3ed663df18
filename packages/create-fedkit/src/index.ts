/**
 * What `npm create fedkit` does, for programs.
 *
 * @module
 */
export { createProject, type CreateProjectOptions, CreationError, type Project } from './create-project.ts';
export { templates } from './templates.ts';
