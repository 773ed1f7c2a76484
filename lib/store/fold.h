/* Names that differ by case alone. */
#pragma once

#include "store/tree.h"

/*
 * Two names of the tree that are the same to a file system which ignores the case of ASCII letters,
 * if there are such; both lent.
 */
bool fold_collision(const struct tree *tree, const char **a, const char **b);
