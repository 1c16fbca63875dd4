# Points Claude Code at __CCAG_URL__, or undoes it. Works in Windows PowerShell 5.1 and in PowerShell 7.
#
#   & ([scriptblock]::Create((Invoke-RestMethod '__CCAG_URL__/setup.ps1'))) [-Token TOKEN] [-Scope user|project] [-Undo]
#
# Without -Token, the API key is taken from $env:CCAG_API_KEY. Three variables are merged into the settings of
# Claude Code; everything else there stays.
param(
    [string]$Token = '',
    [ValidateSet('user', 'project')][string]$Scope = 'user',
    [switch]$Undo
)

$ErrorActionPreference = 'Stop'
$Url = '__CCAG_URL__'
$Names = 'ANTHROPIC_BASE_URL', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY'

# Windows PowerShell takes old protocols first.
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12

function Read-Settings([string]$Path) {
    if (-not (Test-Path -LiteralPath $Path)) { return [pscustomobject]@{} }
    $text = [IO.File]::ReadAllText($Path)
    if ($text.Trim() -eq '') { return [pscustomobject]@{} }
    try { $settings = ConvertFrom-Json -InputObject $text } catch { throw "$Path is not JSON: mend it first" }
    if ($settings -isnot [pscustomobject]) { throw "$Path is no JSON object: mend it first" }
    return $settings
}

# The new file is complete before it takes the place of the old one; without a byte order mark.
function Write-Settings([string]$Path, $Settings) {
    $new = "$Path.new-ccag"
    [IO.File]::WriteAllText($new, (ConvertTo-Json -InputObject $Settings -Depth 100), (New-Object Text.UTF8Encoding $false))
    Move-Item -LiteralPath $new -Destination $Path -Force
}

function Test-Member($Object, [string]$Name) {
    return $null -ne $Object -and $null -ne $Object.PSObject.Properties[$Name]
}

function Set-Member($Object, [string]$Name, $Value) {
    if (Test-Member $Object $Name) { $Object.$Name = $Value } else { $Object | Add-Member -NotePropertyName $Name -NotePropertyValue $Value }
}

if ($Scope -eq 'user') {
    $profileFolder = if ($env:USERPROFILE) { $env:USERPROFILE } else { $HOME }
    $folder = if ($env:CLAUDE_CONFIG_DIR) { $env:CLAUDE_CONFIG_DIR } else { Join-Path $profileFolder '.claude' }
    $file = Join-Path $folder 'settings.json'
} else {
    # Not settings.json: that one is for the whole team, and a key is not.
    $folder = Join-Path (Get-Location).Path '.claude'
    $file = Join-Path $folder 'settings.local.json'
}
$kept = "$file.before-ccag"

if ($Undo) {
    if (-not (Test-Path -LiteralPath $kept)) { throw "nothing was set up in $file" }
    $now = Read-Settings $file
    $before = Read-Settings $kept
    if (Test-Member $now 'env') {
        foreach ($name in $Names) {
            if ((Test-Member $before 'env') -and (Test-Member $before.env $name)) { Set-Member $now.env $name $before.env.$name }
            elseif (Test-Member $now.env $name) { $now.env.PSObject.Properties.Remove($name) }
        }
        if (@($now.env.PSObject.Properties).Count -eq 0 -and -not (Test-Member $before 'env')) { $now.PSObject.Properties.Remove('env') }
    }
    if (@($now.PSObject.Properties).Count -eq 0) { Remove-Item -LiteralPath $file -Force -ErrorAction SilentlyContinue }
    else { Write-Settings $file $now }
    Remove-Item -LiteralPath $kept -Force
    Write-Output "Claude Code is set up as before (in $file)."
    return
}

$key = $env:CCAG_API_KEY
if ($Token) {
    $body = ConvertTo-Json -InputObject @{ token = $Token }
    try { $key = (Invoke-RestMethod -Method Post -Uri "$Url/setup/redeem" -ContentType 'application/json' -Body $body -TimeoutSec 30).secret }
    catch { throw "the token was not taken: it works once and for a few minutes ($($_.Exception.Message))" }
}
if ($key -notmatch '^sk-ccag-[A-Za-z0-9_-]+$') { throw "an API key is needed: make a setup token at $Url/, or set CCAG_API_KEY" }

New-Item -ItemType Directory -Path $folder -Force | Out-Null
$now = Read-Settings $file
if (-not (Test-Path -LiteralPath $kept)) { Write-Settings $kept (Read-Settings $file) }
if (-not (Test-Member $now 'env')) { Set-Member $now 'env' ([pscustomobject]@{}) }
Set-Member $now.env 'ANTHROPIC_BASE_URL' $Url
Set-Member $now.env 'ANTHROPIC_AUTH_TOKEN' $key
Set-Member $now.env 'CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY' '1'
Write-Settings $file $now
Write-Output "Claude Code now talks to $Url (in $file)."
if (-not (Get-Command claude -ErrorAction SilentlyContinue)) { Write-Output 'Claude Code itself is missing: https://code.claude.com/docs/en/setup says how to install it.' }
Write-Output "To undo it: & ([scriptblock]::Create((Invoke-RestMethod '$Url/setup.ps1'))) -Scope $Scope -Undo"
