# Read by ./run and ./test (bash): what has to be on this machine before Teranga starts.
#
# Everything lives inside the checkout: .venv/ for Python, .sys/ for system libraries unpacked by somebody
# who is not root. A stamp named by the hash of what it depends on makes the second time short.

HERE=$PWD
# What Python compiles once stays compiled: a second start takes half the time.
unset PYTHONDONTWRITEBYTECODE

say() { printf '%s\n' "$*" >&2; }
stop() { say "$@"; exit 1; }

# alone DESCRIPTOR: wait until nobody else holds the lock on that open file.
alone() { if command -v flock >/dev/null; then flock "$1"; fi; }

# --- Python -------------------------------------------------------------------------------------------

find_python() {
    local candidate PATH=${PATH//"$HERE/.venv/bin:"/} # never the one that is being made
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    stop "Teranga needs Python 3.11 or newer with its venv module. On Debian 12 or newer, as root:" \
        $'\n\n    apt-get install -y python3 python3-venv git\n'
}

# install_python app|test: the hashed wheels of that set and the project itself, into .venv.
install_python() {
    local wanted=requirements/$1.txt stamp python
    stamp=.venv/.installed-$1-$({ pwd -P; cat requirements/build.txt "$wanted" pyproject.toml script/strays; } | sha256sum | cut -c1-16)
    if [ -e "$stamp" ] && .venv/bin/python -c '' 2>/dev/null; then
        return
    fi
    if [ -e .sys/installing ] || ! .venv/bin/python -c 'import pip' 2>/dev/null; then
        python=$(find_python) || exit 1
        touch .sys/installing # what is interrupted from here on is begun again
        say "Making .venv with $python"
        "$python" -m venv --clear .venv || stop "Python could not make .venv."
    fi
    touch .sys/installing
    say "Installing Python packages ($wanted); this happens once"
    { install_locked requirements/build.txt && install_locked "$wanted"; } ||
        stop "The packages of $wanted could not be installed (is this machine on the network?)."
    pip_install --no-index --no-build-isolation --editable . ||
        stop "The project could not be installed into .venv."
    remove_strays || stop "What requirements/ no longer names could not be taken out of .venv."
    rm -f .venv/.installed-"$1"-*
    touch "$stamp"
    rm -f .sys/installing
}

pip_install() {
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-compile --no-deps "$@" >&2
}

# install_locked FILE: wheels only, each with its hash. The exception is named: it comes as source alone, is
# checked by its hash too, and is built with the setuptools of requirements/build.txt, so nothing is fetched.
install_locked() {
    pip_install --require-hashes --only-binary :all: --no-binary flask-principal \
        --use-pep517 --no-build-isolation -r "$1"
}

# remove_strays: a package that left the lists leaves .venv too, or something could go on needing it unnoticed.
remove_strays() {
    local strays
    strays=$(.venv/bin/python -I script/strays) || return
    [ -z "$strays" ] || {
        say "Taking out of .venv what is no longer needed:" $strays
        # shellcheck disable=SC2086  # one word a package
        .venv/bin/python -m pip uninstall -qq -y --disable-pip-version-check $strays >&2
    }
}

# --- System libraries ---------------------------------------------------------------------------------

root() { [ "$(id -u)" = 0 ]; }

# install_packages FOLDER PACKAGE...: through the system when root, else unpacked under .sys/FOLDER.
install_packages() {
    local folder=$1
    shift
    command -v apt-get >/dev/null || return 1
    if root; then
        say "Installing $*"
        local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0)
        "${apt[@]}" install --no-install-recommends "$@" >/dev/null 2>&1 ||
            { "${apt[@]}" update >&2 && "${apt[@]}" install --no-install-recommends "$@" >/dev/null; }
    else
        unpack_packages "$folder" "$@"
    fi
}

# unpack_packages FOLDER PACKAGE...: fetch those that the system lacks with apt's own signatures checked, but
# with its state in .sys/apt, and unpack them under .sys/FOLDER. Changes nothing outside the checkout.
unpack_packages() {
    local folder=.sys/$1 state=$HERE/.sys/apt package
    shift
    say "Not root: unpacking $* under $folder"
    rm -rf "$state"
    mkdir -p "$state/lists/partial" "$state/archives/partial"
    local apt=(apt-get -qq -y -o Dir::State="$state" -o Dir::State::Lists="$state/lists"
        -o Dir::State::Status=/var/lib/dpkg/status -o Dir::Cache="$state"
        -o Dir::Cache::Archives="$state/archives" -o Debug::NoLocking=1)
    "${apt[@]}" update >&2 || return 1
    "${apt[@]}" install --download-only --no-install-recommends "$@" >&2 || return 1
    rm -rf "$folder" "$folder.new"
    mkdir -p "$folder.new"
    for package in "$state"/archives/*.deb; do
        dpkg -x "$package" "$folder.new" || return 1
    done
    rm -rf "$state"
    mv "$folder.new" "$folder"
}

# use_unpacked FOLDER: let this process and its children find the libraries under .sys/FOLDER.
use_unpacked() {
    local library
    for library in "$HERE/.sys/$1"/{usr/,}lib/*-linux-gnu*; do
        [ -d "$library" ] && export LD_LIBRARY_PATH=$library${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    done
    return 0
}

PANGO_PACKAGES=(libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0)

# have_libraries NAME...: the dynamic linker finds them all.
have_libraries() {
    .venv/bin/python -c 'import ctypes, sys; [ctypes.CDLL(name) for name in sys.argv[1:]]' "$@" 2>/dev/null
}
have_pango() { have_libraries libpango-1.0.so.0 libpangoft2-1.0.so.0; }
have_font_subsetter() { have_libraries libharfbuzz-subset.so.0; }

# install_pango: what badges, receipts and letters (PDF) are set with. Without it everything else works.
install_pango() {
    use_unpacked pango
    if ! { have_pango && have_font_subsetter; }; then
        install_packages pango "${PANGO_PACKAGES[@]}" || true
        use_unpacked pango
    fi
    if ! have_pango; then
        say "No Pango: PDF documents (badges, receipts, passbooks) cannot be made until this is run as root:" \
            $'\n\n    apt-get install -y --no-install-recommends '"${PANGO_PACKAGES[*]}"$'\n'
    fi
    if [ -d .sys/pango ] && [ ! -e /etc/fonts/fonts.conf ]; then
        private_fonts
    fi
}

# private_fonts: DejaVu arrives with Pango; a fontconfig that was unpacked needs to be told where it is.
private_fonts() {
    export FONTCONFIG_FILE=$HERE/.sys/fonts.conf
    cat >"$FONTCONFIG_FILE" <<FONTS
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>$HERE/.sys/pango/usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>$HERE/.sys/fontconfig</cachedir>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>serif</family><prefer><family>DejaVu Serif</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
FONTS
}

# --- What only the tests need -------------------------------------------------------------------------

# install_postgresql: a server for script/postgres to start. The package would also start one for the whole
# machine, on the usual port: nobody asked for that.
install_postgresql() {
    local settings=/etc/postgresql-common/createcluster.conf
    [ -z "$(find_postgresql initdb)" ] || return 0
    if root && [ ! -e "$settings" ]; then
        mkdir -p "${settings%/*}"
        printf '# Written by Teranga\x27s ./test.\ncreate_main_cluster = false\n' >"$settings"
    fi
    install_packages postgresql postgresql
    [ -n "$(find_postgresql initdb)" ]
}

# find_postgresql NAME: the newest PostgreSQL's program of that name; nothing when there is none.
find_postgresql() {
    { compgen -G "/usr/lib/postgresql/*/bin/$1" ||
        compgen -G "$HERE/.sys/postgresql/usr/lib/postgresql/*/bin/$1"; } | tail -n 1 || true
}

# install_chromium: the browser of the tests; its path in TERANGA_CHROMIUM.
install_chromium() {
    find_chromium >/dev/null || { install_packages chromium chromium && start_unpacked_chromium; }
    TERANGA_CHROMIUM=$(find_chromium) || {
        say "No Chromium. As root: apt-get install -y --no-install-recommends chromium"
        return 1
    }
    export TERANGA_CHROMIUM
}
find_chromium() {
    command -v chromium || command -v chromium-browser || command -v google-chrome ||
        command -v "$HERE/.sys/chromium/start"
}

# start_unpacked_chromium: an unpacked Chromium needs its own libraries, and has no set-uid sandbox helper.
start_unpacked_chromium() {
    local program=$HERE/.sys/chromium/usr/lib/chromium/chromium
    [ -x "$program" ] || return 0
    cat >.sys/chromium/start <<START
#!/bin/sh
for folder in "$HERE"/.sys/chromium/lib/*-linux-gnu "$HERE"/.sys/chromium/usr/lib/*-linux-gnu \\
    "$HERE"/.sys/chromium/usr/lib/*-linux-gnu/pulseaudio; do
    LD_LIBRARY_PATH=\$folder\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}
done
export LD_LIBRARY_PATH
exec "$program" --no-sandbox "\$@"
START
    chmod +x .sys/chromium/start
}

# install_hledger: the reader that judges the journal's export; its path in TERANGA_HLEDGER.
install_hledger() {
    find_hledger >/dev/null || install_packages hledger hledger
    TERANGA_HLEDGER=$(find_hledger) || {
        say "No hledger. As root: apt-get install -y --no-install-recommends hledger"
        return 1
    }
    export TERANGA_HLEDGER
    use_unpacked hledger
}
find_hledger() { command -v hledger || command -v "$HERE/.sys/hledger/usr/bin/hledger"; }

# install_strace: what `python -m bench.kills --calls` strikes with; its path in TERANGA_STRACE. No test needs it.
install_strace() {
    find_strace >/dev/null || install_packages strace strace
    TERANGA_STRACE=$(find_strace) || {
        say "No strace. As root: apt-get install -y --no-install-recommends strace"
        return 1
    }
    export TERANGA_STRACE
    use_unpacked strace
}
find_strace() { command -v strace || command -v "$HERE/.sys/strace/usr/bin/strace"; }

# --- Together -----------------------------------------------------------------------------------------

# prepare app|test: Python packages, Pango, compiled translations.
prepare() {
    mkdir -p .sys
    install_python "$1"
    install_pango
    .venv/bin/python script/translations
}
