"""Laws, learners, stacks and their folds."""
