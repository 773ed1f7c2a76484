# Makes NAME_lazy.h (out=h) or NAME_lazy.c (out=c) from NAME.lazy, whose lines are
#   soname libX.so.N / package libX / header <x.h>   and then one function name a line.
/^#/ || NF == 0 { next }
$1 == "soname" || $1 == "package" { about[$1] = $2; next }
$1 == "header" { headers = headers "#include " $2 "\n"; next }
{ symbols[++n] = $1 }
END {
	if (out == "h") {
		printf "#pragma once\n\n%s\n#include \"base/err.h\"\n\nextern struct %s_lazy {\n", headers, name
		for (i = 1; i <= n; i++)
			printf "\t__typeof__(%s) *p_%s;\n", symbols[i], symbols[i]
		printf "} %s_lazy;\n\nint %s_lazy_load(struct mlops_error *err);\n\n", name, name
		for (i = 1; i <= n; i++)
			printf "#undef %s\n#define %s %s_lazy.p_%s\n", symbols[i], symbols[i], name, symbols[i]
	} else {
		printf "#include \"gen/%s_lazy.h\"\n\n#include \"base/lazy.h\"\n\nstruct %s_lazy %s_lazy;\n\n", name, name, name
		printf "int %s_lazy_load(struct mlops_error *err)\n{\n\tstatic const char *const symbols[] = {\n", name
		for (i = 1; i <= n; i++)
			printf "\t\t\"%s\",\n", symbols[i]
		printf "\t\tNULL,\n\t};\n\tstatic struct lazy_lib lib = {\n\t\t\"%s\", \"%s\", symbols, (void **)&%s_lazy, 0,\n\t};\n\n", about["soname"], about["package"], name
		printf "\treturn lazy_load(&lib, err);\n}\n"
	}
}
