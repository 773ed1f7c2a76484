# Packages that mlops pushed to a real registry, and wrote, are copied by skopeo, which checks them.
. "$(dirname "$0")/../lib/tap.sh"
. "$tap_src/tests/lib/peers.sh"

command -v skopeo >/dev/null || skip_all "skopeo is not installed"
unset DOCKER_CONFIG REGISTRY_AUTH_FILE XDG_RUNTIME_DIR
new_project
mkdir model && yes weights | head -c 3000000 >model/weights.bin && echo '{}' >model/config.json && : >model/empty
mlops model register wine --path model >"$tap_root/ok"

# copied NAME FROM: skopeo takes it, and gives the same blobs.
copied() {
	rm -rf copy
	ok "$1: skopeo copies it" skopeo copy -q --src-tls-verify=false "$2" oci:copy:latest
	for file in model/*; do
		ok "$1: with $file" cmp "$file" "copy/blobs/sha256/$(sha256sum <"$file" | cut -c1-64)"
	done
}
mlops model package wine --output pack >"$tap_root/ok"
copied "a folder" oci:pack:latest
mlops model package wine --output pack.tar >"$tap_root/ok"
copied "an archive" oci-archive:pack.tar:latest
if peer registry; then
	ok "pushes to docker-registry" mlops model package wine --push "oci://$REGISTRY_HOST/wine-$$:v1"
	copied "docker-registry" "docker://$REGISTRY_HOST/wine-$$:v1"
	ok "once more" mlops model package wine --push "oci://$REGISTRY_HOST/wine-$$:v1"
fi
done_testing
