# Points Claude Code at __CCAG_URL__, or undoes it. Works in Windows PowerShell 5.1 and in PowerShell 7.
#
#   & ([scriptblock]::Create((Invoke-RestMethod '__CCAG_URL__/setup.ps1'))) [-Sso | -Token TOKEN] [-Scope user|project] [-Undo]
#
# With -Sso you sign in by your browser, and a helper fetches short-lived tokens: no key is stored. Else an API key is
# taken: for the one-time TOKEN, or from $env:CCAG_API_KEY. A few settings are merged into those of Claude Code;
# everything else there stays.
param(
    [string]$Token = '',
    [ValidateSet('user', 'project')][string]$Scope = 'user',
    [switch]$Sso,
    [switch]$Undo
)

$ErrorActionPreference = 'Stop'
$Url = '__CCAG_URL__'
$Names = 'ANTHROPIC_BASE_URL', 'ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_API_KEY', 'CLAUDE_CODE_API_KEY_HELPER_TTL_MS', 'CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY'

# Windows PowerShell takes old protocols first.
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12

# What prints an access token for Claude Code, and renews it. The file with the tokens is in the user's own folder.
$HelperText = @'
# Prints an access token of __CCAG_URL__ for Claude Code (apiKeyHelper), and renews it. With -Login it signs in by
# a browser; with -Logout it signs out.
param([switch]$Login, [switch]$Logout)

$ErrorActionPreference = 'Stop'
$Url = '__CCAG_URL__'
$Kept = Join-Path $PSScriptRoot 'claude-token.json'
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12

function Get-Now { return [DateTimeOffset]::UtcNow.ToUnixTimeSeconds() }

# Posts a form; a refusal is an answer too.
function Send-Form([string]$Path, $Fields) {
    try {
        $answer = Invoke-WebRequest -UseBasicParsing -Method Post -Uri "$Url$Path" -Body $Fields -TimeoutSec 30
        return @{ Status = [int]$answer.StatusCode; Json = (ConvertFrom-Json -InputObject "$($answer.Content)") }
    } catch {
        $response = $_.Exception.Response
        if ($null -eq $response) { return @{ Status = 0; Json = $null } }
        $text = "$($_.ErrorDetails.Message)"
        if ($text -eq '' -and $response -is [Net.HttpWebResponse]) {
            $text = (New-Object IO.StreamReader($response.GetResponseStream())).ReadToEnd()
        }
        $json = $null
        try { $json = ConvertFrom-Json -InputObject $text } catch { $json = $null }
        return @{ Status = [int]$response.StatusCode; Json = $json }
    }
}

# Keeps the tokens of an answer: whole or not at all.
function Save-Tokens($Json) {
    $tokens = @{ access_token = $Json.access_token; refresh_token = $Json.refresh_token; until = (Get-Now) + $Json.expires_in }
    $new = "$Kept.$PID"
    [IO.File]::WriteAllText($new, (ConvertTo-Json -InputObject $tokens), (New-Object Text.UTF8Encoding $false))
    Move-Item -LiteralPath $new -Destination $Kept -Force
}

function Read-Tokens {
    if (-not (Test-Path -LiteralPath $Kept)) { return $null }
    return ConvertFrom-Json -InputObject ([IO.File]::ReadAllText($Kept))
}

function Stop-Helper([string]$Why) {
    [Console]::Error.WriteLine("ccag: $Why")
    exit 1
}

if ($Logout) {
    $tokens = Read-Tokens
    if ($null -ne $tokens) {
        Remove-Item -LiteralPath $Kept -Force
        Send-Form '/oauth/revoke' @{ token = $tokens.refresh_token; token_type_hint = 'refresh_token' } | Out-Null
    }
    exit 0
}

if ($Login) {
    $begun = (Send-Form '/oauth/device_authorization' @{ surface = 'ccag_token_helper' }).Json
    if ($null -eq $begun -or -not $begun.device_code) { Stop-Helper "$Url offers no sign-in by browser" }
    [Console]::Error.WriteLine("Open $($begun.verification_uri_complete)")
    [Console]::Error.WriteLine("and confirm the code $($begun.user_code).")
    if ($env:CCAG_NO_BROWSER -ne '1') { try { Start-Process $begun.verification_uri_complete } catch { $null = $_ } }
    $pause = [int]$begun.interval
    $end = (Get-Now) + [int]$begun.expires_in
    while ((Get-Now) -lt $end) {
        Start-Sleep -Seconds $pause
        $answer = Send-Form '/oauth/token' @{ grant_type = 'urn:ietf:params:oauth:grant-type:device_code'; device_code = $begun.device_code }
        if ($answer.Status -eq 200) {
            Save-Tokens $answer.Json
            [Console]::Error.WriteLine("Signed in to $Url.")
            exit 0
        }
        $why = if ($null -ne $answer.Json) { "$($answer.Json.error)" } else { '' }
        if ($why -eq 'slow_down') { $pause += 5 }
        elseif ($why -eq 'access_denied') { Stop-Helper 'the sign-in was denied' }
        elseif ($why -ne 'authorization_pending') { break }
    }
    Stop-Helper 'nobody confirmed the code in time'
}

$tokens = Read-Tokens
$again = "powershell -ExecutionPolicy Bypass -File `"$PSCommandPath`" -Login"
if ($null -eq $tokens) { Stop-Helper "nobody is signed in to ${Url}: run $again" }
# Longer than Claude Code keeps what it was given.
if ($tokens.until - (Get-Now) -lt 360) {
    $answer = Send-Form '/oauth/token' @{ grant_type = 'refresh_token'; refresh_token = $tokens.refresh_token }
    if ($answer.Status -eq 200) {
        Save-Tokens $answer.Json
        $tokens = Read-Tokens
    } elseif ($answer.Status -eq 400 -or $answer.Status -eq 401) {
        Stop-Helper "the sign-in to $Url has ended: run $again"
    } elseif ($tokens.until -le (Get-Now)) {
        Stop-Helper "$Url does not renew the sign-in now"
    }
}
[Console]::Out.WriteLine($tokens.access_token)
'@

function Read-Settings([string]$Path) {
    if (-not (Test-Path -LiteralPath $Path)) { return [pscustomobject]@{} }
    $text = [IO.File]::ReadAllText($Path)
    if ($text.Trim() -eq '') { return [pscustomobject]@{} }
    try { $settings = ConvertFrom-Json -InputObject $text } catch { throw "$Path is not JSON: mend it first" }
    if ($settings -isnot [pscustomobject]) { throw "$Path is no JSON object: mend it first" }
    return $settings
}

# The new file is complete before it takes the place of the old one; without a byte order mark.
function Write-Text([string]$Path, [string]$Text) {
    $new = "$Path.new-ccag"
    [IO.File]::WriteAllText($new, $Text, (New-Object Text.UTF8Encoding $false))
    Move-Item -LiteralPath $new -Destination $Path -Force
}

function Write-Settings([string]$Path, $Settings) {
    Write-Text $Path (ConvertTo-Json -InputObject $Settings -Depth 100)
}

function Test-Member($Object, [string]$Name) {
    return $null -ne $Object -and $null -ne $Object.PSObject.Properties[$Name]
}

function Set-Member($Object, [string]$Name, $Value) {
    if (Test-Member $Object $Name) { $Object.$Name = $Value } else { $Object | Add-Member -NotePropertyName $Name -NotePropertyValue $Value }
}

# Sets the names that setup knows to what they are to be, or takes them out.
function Merge-Settings($Now, $To, $Before) {
    if (-not (Test-Member $Now 'env')) { Set-Member $Now 'env' ([pscustomobject]@{}) }
    foreach ($name in $Names) {
        if ((Test-Member $To 'env') -and (Test-Member $To.env $name)) { Set-Member $Now.env $name $To.env.$name }
        elseif (Test-Member $Now.env $name) { $Now.env.PSObject.Properties.Remove($name) }
    }
    if (Test-Member $To 'apiKeyHelper') { Set-Member $Now 'apiKeyHelper' $To.apiKeyHelper }
    elseif (Test-Member $Now 'apiKeyHelper') { $Now.PSObject.Properties.Remove('apiKeyHelper') }
    if (@($Now.env.PSObject.Properties).Count -eq 0 -and -not (Test-Member $Before 'env')) { $Now.PSObject.Properties.Remove('env') }
}

$profileFolder = if ($env:USERPROFILE) { $env:USERPROFILE } else { $HOME }
$userFolder = if ($env:CLAUDE_CONFIG_DIR) { $env:CLAUDE_CONFIG_DIR } else { Join-Path $profileFolder '.claude' }
$userFile = Join-Path $userFolder 'settings.json'
if ($Scope -eq 'user') {
    $folder = $userFolder
    $file = $userFile
} else {
    # Not settings.json: that one is for the whole team, and a key is not.
    $folder = Join-Path (Get-Location).Path '.claude'
    $file = Join-Path $folder 'settings.local.json'
}
$kept = "$file.before-ccag"
$helperFolder = Join-Path $profileFolder '.ccag'
$helper = Join-Path $helperFolder 'claude-token.ps1'
$shell = if (Get-Command powershell -ErrorAction SilentlyContinue) { 'powershell' } else { 'pwsh' }

if ($Undo) {
    if (-not (Test-Path -LiteralPath $kept)) { throw "nothing was set up in $file" }
    $now = Read-Settings $file
    $before = Read-Settings $kept
    Merge-Settings $now $before $before
    if (@($now.PSObject.Properties).Count -eq 0) { Remove-Item -LiteralPath $file -Force -ErrorAction SilentlyContinue }
    else { Write-Settings $file $now }
    Remove-Item -LiteralPath $kept -Force
    # Where the user's settings still have the helper, a project's undo leaves it.
    $isUsed = (Test-Member (Read-Settings $userFile) 'apiKeyHelper') -and (Read-Settings $userFile).apiKeyHelper -like '*claude-token.ps1*'
    if ((Test-Path -LiteralPath $helper) -and -not $isUsed) {
        & $shell -NoProfile -ExecutionPolicy Bypass -File $helper -Logout
        Remove-Item -LiteralPath $helper -Force
    }
    Write-Output "Claude Code is set up as before (in $file)."
    return
}

$values = [pscustomobject]@{ ANTHROPIC_BASE_URL = $Url; CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY = '1' }
$to = [pscustomobject]@{ env = $values }
if ($Sso) {
    if ($Token) { throw '-Sso takes no token' }
    New-Item -ItemType Directory -Path $helperFolder -Force | Out-Null
    Write-Text $helper $HelperText
    & $shell -NoProfile -ExecutionPolicy Bypass -File $helper -Login
    if ($LASTEXITCODE -ne 0) { throw 'nobody is signed in: nothing was changed' }
    # Claude Code asks the helper again after this time, in milliseconds.
    Set-Member $values 'CLAUDE_CODE_API_KEY_HELPER_TTL_MS' '300000'
    Set-Member $to 'apiKeyHelper' "$shell -NoProfile -ExecutionPolicy Bypass -File `"$helper`""
} else {
    $key = $env:CCAG_API_KEY
    if ($Token) {
        $body = ConvertTo-Json -InputObject @{ token = $Token }
        try { $key = (Invoke-RestMethod -Method Post -Uri "$Url/setup/redeem" -ContentType 'application/json' -Body $body -TimeoutSec 30).secret }
        catch { throw "the token was not taken: it works once and for a few minutes ($($_.Exception.Message))" }
    }
    if ($key -notmatch '^sk-ccag-[A-Za-z0-9_-]+$') { throw "an API key is needed: make a setup token at $Url/, set CCAG_API_KEY, or sign in with -Sso" }
    Set-Member $values 'ANTHROPIC_AUTH_TOKEN' $key
}

New-Item -ItemType Directory -Path $folder -Force | Out-Null
$now = Read-Settings $file
if (-not (Test-Path -LiteralPath $kept)) { Write-Settings $kept (Read-Settings $file) }
Merge-Settings $now $to (Read-Settings $kept)
Write-Settings $file $now
Write-Output "Claude Code now talks to $Url (in $file)."
if (-not (Get-Command claude -ErrorAction SilentlyContinue)) { Write-Output 'Claude Code itself is missing: https://code.claude.com/docs/en/setup says how to install it.' }
Write-Output "To undo it: & ([scriptblock]::Create((Invoke-RestMethod '$Url/setup.ps1'))) -Scope $Scope -Undo"
