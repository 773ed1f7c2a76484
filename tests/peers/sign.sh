# The OpenSSF's model_signing verifies what mlops model sign signed, and the other way round. It goes
# into a virtual environment outside of the project, $MLOPS_PEER_VENV.
venv=${MLOPS_PEER_VENV:-${TMPDIR:-/tmp}/mlops-peers-sign}
cache=${PIP_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/pip}
. "$(dirname "$0")/../lib/tap.sh"

[ -x "$venv/bin/pip" ] || python3 -m venv "$venv" >"$out" 2>&1 || skip_all "python3 cannot make a virtual environment"
"$venv/bin/python" -c "import model_signing" 2>/dev/null ||
	"$venv/bin/pip" install -q --cache-dir "$cache" model-signing pyOpenSSL >"$out" 2>&1
"$venv/bin/python" -c "import model_signing" 2>/dev/null || skip_all "model-signing cannot be installed"

peer() { "$venv/bin/python" -W ignore -m model_signing "$@"; }

new_project
mkdir -p model/deep/er && echo weights >model/weights && echo config >model/deep/er/config.json
: >model/empty && echo hidden >model/.hidden && echo junk >model/.gitignore
mlops model register wine --path model >/dev/null

for curve in 256 384 521; do
	(umask 077 && openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:P-$curve" -out "$curve.key") 2>/dev/null
	openssl pkey -in "$curve.key" -pubout -out "$curve.pub"
	ok "P-$curve: we sign a version" mlops model sign wine --key "$curve.key" --output ours.sig
	ok "they verify it" peer verify key model --signature ours.sig --public_key "$curve.pub"
	ok "we sign a folder" mlops model sign --path model --key "$curve.key"
	ok "they verify it" peer verify key model --signature model/model.sig --public_key "$curve.pub"
	rm model/model.sig
	ok "they sign a folder" peer sign key model --private_key "$curve.key" --signature theirs.sig
	ok "we verify it" mlops model verify --path model --signature theirs.sig --key "$curve.pub"
	ok "they sign a file" peer sign key model/weights --private_key "$curve.key" --signature file.sig
	ok "we verify it" mlops model verify --path model/weights --signature file.sig --key "$curve.pub"
	ok "we sign a file" mlops model sign --path model/weights --key "$curve.key" --output file.sig
	ok "they verify it" peer verify key model/weights --signature file.sig --public_key "$curve.pub"
done
cp -a model changed && echo more >>changed/weights
fails "they find what was changed since we signed" peer verify key changed --signature ours.sig --public_key 521.pub
run mlops model verify --path changed --signature theirs.sig --key 521.pub
rc_is 3 "we find what was changed since they signed"
done_testing
