/** Root fields with which nothing can be named, and arguments that only look as if. */
export const NAMELESS: Readonly<Record<string, string>> = {
  'Query.serverInfo': '{ serverInfo { version devices { device } } }',
  'Query.models': '{ models { id } }',
  'Query.modelAliases': '{ modelAliases { model previousModel } }',
  'Query.usage': '{ usage { concurrentGenerations { used } storedBytes { used } } }',
  'Query.builtInAliases': '{ builtInAliases { alias promptName } }',
  'Query.caller': '{ caller { tenant role subject } }',
  'Mutation.createApiKey': 'mutation { createApiKey(input: { name: "x", role: VIEWER }) { apiKey { id } } }',
  // With the time, also what was before: the owner's generation is older than the asker's own.
  'Subscription.allGenerationEvents': `subscription { allGenerationEvents(since: "${new Date(Date.now() - 3_600_000).toISOString()}") {
    ... on GenerationQueued { generation { id samples { edges { node { id } } } } } } }`,
  'Subscription.allTrainingEvents': `subscription { allTrainingEvents(since: "${new Date(Date.now() - 3_600_000).toISOString()}") {
    ... on TrainingQueued { training { id dataSet { id } } } } }`,
  // The owner's sample was reviewed before the asker's own.
  'Subscription.sampleReviews': `subscription {
    sampleReviews(since: "${new Date(Date.now() - 3_600_000).toISOString()}") { id review { reviewedBy } } }`,
  'Mutation.createWebhook':
    'mutation { createWebhook(input: { url: "http://127.0.0.1:9/", events: [SAMPLE_READY] }) { webhook { id } } }',
};
/** What these name is looked up after something else that is required, and is tried there by the probes of `generateDefects`. */
export const BEHIND = [
  // It is carried, and nothing is looked up by it.
  'Mutation.importCatalog(input.aliases.externalCode)',
  'Mutation.generateForMisses(input.falseAlarms.defectCode)',
  'Mutation.generateForMisses(input.idempotencyKey)',
  // Behind the data set.
  'Mutation.startTraining(input.windows.partNumber)',
];
export const NUMBERS = ['Subscription.generationEvents(after)', 'Subscription.trainingEvents(after)'];
