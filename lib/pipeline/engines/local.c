/* This machine. */
#include "pipeline/engine.h"

const struct engine engine_local = {
	.name = "local",
	.caps = ENGINE_HERE,
};
