/* TOML: with places wanted the same is accepted, and each place is in the text. */
#include "fuzz_places.h"

#include "fmt/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	check_places(toml_parse, data, n);
	return 0;
}
