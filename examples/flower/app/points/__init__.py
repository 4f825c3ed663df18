"""Which of two coordinates is greater: a softmax regression that Python and TypeScript nodes learn together."""
